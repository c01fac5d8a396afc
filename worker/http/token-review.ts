/** TokenReview: somebody else's token, looked at as if it had come with a request. */
import type { TokenReview } from "../../protocol/kubernetes/generated/types.ts";
import { StatusError } from "../../protocol/status.ts";
import { userInfoOf } from "../auth/review.ts";
import { whose } from "../identity/authenticator.ts";
import { apiAudiences } from "../identity/issuer.ts";
import { decodeBody, readBody } from "./body.ts";
import type { Call } from "./context.ts";
import { writeOptionsOf } from "./options.ts";
import { objectResponse, withWarnings } from "./respond.ts";

export async function reviewToken(call: Call): Promise<Response> {
  const { fieldValidation } = writeOptionsOf(call.query, "CreateOptions");
  const { object, warnings } = decodeBody(call.served, await readBody(call.request), fieldValidation);
  const { spec, metadata } = object as TokenReview; // its schema was checked
  if (!spec?.token) throw StatusError.badRequest("token is required for TokenReview in authentication");
  const own = apiAudiences(call.env, call.request.url);
  const audiences = spec.audiences ?? own;
  const verdict = await whose(spec.token, { env: call.env, store: call.store, apiAudiences: own, audiences });
  const answer: TokenReview = {
    kind: "TokenReview",
    apiVersion: "authentication.k8s.io/v1",
    metadata: metadata ?? {},
    spec,
    status: statusOf(verdict),
  };
  return withWarnings(objectResponse(call, answer, 201), warnings);
}

function statusOf(verdict: Awaited<ReturnType<typeof whose>>): NonNullable<TokenReview["status"]> {
  if (verdict === undefined) return { user: {}, error: "invalid bearer token" };
  if ("why" in verdict) return { user: {}, error: `[invalid bearer token, ${verdict.why}]` };
  return { authenticated: true, user: userInfoOf(verdict.user), audiences: verdict.audiences };
}
