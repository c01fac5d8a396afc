/** TokenReviews: whose token is this? Answered, never stored. */
import { defineResource } from "../define.ts";

export const tokenReviews = defineResource({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenReview",
  plural: "tokenreviews",
  schema: "io.k8s.api.authentication.v1.TokenReview",
  isNamespaced: false,
  isStored: false,
  verbs: ["create"],
});
