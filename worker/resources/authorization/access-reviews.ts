/** Questions about who may do what: answered, never stored. */
import type {
  LocalSubjectAccessReview, SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview,
} from "../../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { defineResource } from "../define.ts";
import type { Resource } from "../resource.ts";
import { localReviewErrors, selfReviewErrors, subjectReviewErrors } from "./access-review-rules.ts";

type Own<T extends KubernetesObject> = Pick<Resource<T>, "kind" | "plural"> & Partial<Resource<T>>;

/** What is asked stands in `spec`; one without is refused by what has to be in it. */
function question<T extends KubernetesObject>(own: Own<T>): Resource<T> {
  return defineResource<T>({
    group: "authorization.k8s.io",
    version: "v1",
    schema: `io.k8s.api.authorization.v1.${own.kind}`,
    isNamespaced: false,
    isStored: false,
    verbs: ["create"],
    applyDefaults: withSpec,
    ...own,
  });
}

function withSpec(review: KubernetesObject): void {
  review["spec"] ??= {};
}

export const subjectAccessReviews = question<SubjectAccessReview>({
  kind: "SubjectAccessReview",
  plural: "subjectaccessreviews",
  validate: subjectReviewErrors,
});

export const localSubjectAccessReviews = question<LocalSubjectAccessReview>({
  kind: "LocalSubjectAccessReview",
  plural: "localsubjectaccessreviews",
  isNamespaced: true,
  validate: localReviewErrors,
});

export const selfSubjectAccessReviews = question<SelfSubjectAccessReview>({
  kind: "SelfSubjectAccessReview",
  plural: "selfsubjectaccessreviews",
  validate: selfReviewErrors,
});

export const selfSubjectRulesReviews = question<SelfSubjectRulesReview>({
  kind: "SelfSubjectRulesReview",
  plural: "selfsubjectrulesreviews",
});
