/** SelfSubjectReviews: who am I? Answered, never stored. */
import type { SelfSubjectReview } from "../../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "../define.ts";

export const selfSubjectReviews = defineResource<SelfSubjectReview>({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "SelfSubjectReview",
  plural: "selfsubjectreviews",
  schema: "io.k8s.api.authentication.v1.SelfSubjectReview",
  isNamespaced: false,
  isStored: false,
  verbs: ["create"],
});
