/** Who may do what, and who am I: kinds whose create is a question, and whose answer is the object with a status. */
import type {
  LocalSubjectAccessReview, SelfSubjectAccessReview, SelfSubjectReview, SelfSubjectRulesReview, SubjectAccessReview,
} from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { attributesAsked, rulesReview, userAsked, userInfoOf } from "../auth/review.ts";
import type { User } from "../auth/user.ts";
import { rejectInvalid } from "../registry/invalid.ts";
import { apiVersionOf } from "../registry/text.ts";
import { timestamp } from "../registry/time.ts";
import { statedRules } from "../resources/stated-rules.ts";
import { settingsCache } from "../settings/settings-cache.ts";
import { decodeBody, readBody } from "./body.ts";
import type { Call } from "./context.ts";
import { placeInNamespace } from "./names.ts";
import { writeOptionsOf } from "./options.ts";
import { objectResponse, withWarnings } from "./respond.ts";

/** Answers with what was asked and a status. */
async function answered<T extends KubernetesObject>(call: Call, statusOf: (asked: T) => object | Promise<object>): Promise<Response> {
  const { served, query } = call;
  const { fieldValidation } = writeOptionsOf(query, "CreateOptions");
  const { object, warnings } = decodeBody(served, await readBody(call.request), fieldValidation);
  if (served.isNamespaced) placeInNamespace(call, object);
  // The answer's own; clients send an empty one along.
  delete object["status"];
  served.applyDefaults?.(object);
  const missing = statedRules.validate(served, object);
  // A question has no name.
  rejectInvalid(served, {}, missing.length > 0 ? missing : served.validate(object));
  const status = await statusOf(object as T); // its schema was checked
  const { metadata = {}, ...asked } = object;
  const answer = { ...asked, kind: served.kind, apiVersion: apiVersionOf(served), metadata, status };
  return withWarnings(objectResponse(call, answer, 201), warnings);
}

export async function reviewAccess(call: Call): Promise<Response> {
  return await answered<SubjectAccessReview | LocalSubjectAccessReview>(call, ({ spec }) => accessStatus(call, userAsked(spec), spec));
}

export async function reviewOwnAccess(call: Call): Promise<Response> {
  return await answered<SelfSubjectAccessReview>(call, ({ spec }) => accessStatus(call, call.user, spec));
}

async function accessStatus({ authorize }: Call, user: User, asked: Parameters<typeof attributesAsked>[0]): Promise<object> {
  const { isAllowed, reason } = await authorize(user, attributesAsked(asked));
  return { allowed: isAllowed, ...(reason === "" ? {} : { reason }) };
}

export async function reviewOwnRules(call: Call): Promise<Response> {
  return await answered<SelfSubjectRulesReview>(call, async ({ spec }) => {
    if (!spec.namespace) throw StatusError.badRequest("no namespace on request");
    return rulesReview(await settingsCache.verified(call.store), call.user, spec.namespace);
  });
}

export async function reviewSelf(call: Call): Promise<Response> {
  return await answered<SelfSubjectReview>(call, (asked) => {
    asked.metadata = { creationTimestamp: timestamp(call.context.now) };
    return { userInfo: userInfoOf(call.user) };
  });
}
