/** The request as reviewers see it: `AdmissionRequest` of admission.k8s.io/v1, for webhooks and for CEL. Pure. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import type { Attributes } from "../registry/admission/plugin.ts";
import { apiVersionOf } from "../registry/text.ts";

/** One that has another kind than its resource: `pods/exec` is asked with PodExecOptions. */
export interface ReviewedKind {
  group: string;
  version: string;
  kind: string;
}

export interface Review extends Attributes {
  isDryRun: boolean;
  as?: ReviewedKind;
  /** How it is shown where the reviewers do not see the object itself: as a Scale. */
  shown?: (object: KubernetesObject) => KubernetesObject;
}

const optionKinds = { CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions", CONNECT: undefined };

export function admissionRequest(review: Review, uid: string): Record<string, unknown> {
  const { operation, resource, subresource, object, old, context, isDryRun } = review;
  const kind = review.as ?? { group: resource.group, version: resource.version, kind: resource.kind };
  const gvr = { group: resource.group, version: resource.version, resource: resource.plural };
  const { name = "", namespace } = (old ?? object).metadata ?? {};
  const { user } = context;
  const optionKind = optionKinds[operation];
  return {
    uid,
    kind,
    resource: gvr,
    ...(subresource === "" ? {} : { subResource: subresource, requestSubResource: subresource }),
    requestKind: kind,
    requestResource: gvr,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    operation,
    userInfo: { username: user.name, groups: user.groups, ...extraOf(user) },
    object: operation === "DELETE" ? null : reviewed(review, object),
    oldObject: old === undefined ? null : reviewed(review, old),
    dryRun: isDryRun,
    options: optionKind === undefined ? null : { kind: optionKind, apiVersion: "meta.k8s.io/v1", ...(isDryRun ? { dryRun: ["All"] } : {}) },
  };
}

/** As the reviewers get to see it, with its kind. */
export function reviewed({ resource, as, shown }: Review, object: KubernetesObject): KubernetesObject {
  if (shown !== undefined) return shown(object);
  return { kind: as?.kind ?? resource.kind, apiVersion: apiVersionOf(as ?? resource), ...object };
}

function extraOf(user: object): Record<string, unknown> {
  const { uid, extra } = user as { uid?: string; extra?: Record<string, string[]> };
  return { ...(uid === undefined ? {} : { uid }), ...(extra === undefined ? {} : { extra }) };
}
