/** One question to one webhook: AdmissionReview v1, and what its answer means. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import type { MutatingWebhook, ValidatingWebhook } from "../../protocol/kubernetes/generated/types.ts";
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { StatusError } from "../../protocol/status.ts";
import { jsonPatch } from "../patch/json-patch.ts";
import type { Settings } from "../settings/settings.ts";
import { callWebhook, WebhookError } from "../webhooks/client.ts";
import { asksAuthorizer } from "./authorizer.ts";
import { conditionsMet, Expressions } from "./expressions.ts";
import { admissionRequest, reviewed, type Review } from "./request.ts";

export type Webhook = ValidatingWebhook & Pick<MutatingWebhook, "reinvocationPolicy">;

export interface Answer {
  warnings: string[];
  /** The object with the webhook's patch; absent: it changes nothing. */
  patched?: KubernetesObject;
}

const nothing: Answer = { warnings: [] };

export interface AskPorts {
  /** WEBHOOK_ALLOW_PRIVATE. */
  allowed: string;
  /** The settings as they are now. */
  verified(): Promise<Settings>;
}

/** Throws the denial; a webhook that cannot be asked denies or is passed over, as its failure policy says. */
export async function ask(webhook: Webhook, review: Review, { allowed, verified }: AskPorts): Promise<Answer> {
  rejectDryRun(webhook, review);
  try {
    if (!(await isMeant(webhook, review, verified))) return nothing;
    return await answerOf(webhook, review, allowed);
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error;
    if (webhook.failurePolicy === "Ignore") return nothing;
    throw StatusError.internal(`failed calling webhook ${JSON.stringify(webhook.name)}: ${error.message}`);
  }
}

function rejectDryRun({ name, sideEffects }: Webhook, { isDryRun }: Review): void {
  if (!isDryRun || sideEffects === "None" || sideEffects === "NoneOnDryRun") return;
  throw StatusError.badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
}

async function isMeant({ matchConditions = [] }: Webhook, review: Review, verified: AskPorts["verified"]): Promise<boolean> {
  if (matchConditions.length === 0) return true;
  const settings = asksAuthorizer(matchConditions) ? await verified() : review.context.settings;
  const met = conditionsMet(await Expressions.of(review, { settings }), matchConditions);
  if (typeof met === "object") throw new WebhookError(met.error);
  return met === "met";
}

async function answerOf(webhook: Webhook, review: Review, allowed: string): Promise<Answer> {
  const request = admissionRequest(review, review.context.newUid());
  const { clientConfig: config, timeoutSeconds = 10 } = webhook;
  const body = { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", request };
  const answer = await callWebhook({ config, body, timeoutSeconds, isAdmission: true, allowed }).catch((error: unknown) => {
    throw error instanceof WebhookError ? new WebhookError(`failed to call webhook: ${error.message}`) : error;
  });
  const response = responseOf(answer, String(request["uid"]));
  if (response["allowed"] !== true) throw denial(webhook.name, response["status"]);
  const patched = patchedBy(response, review);
  const warnings = Array.isArray(response["warnings"]) ? response["warnings"].map(String) : [];
  return patched === undefined ? { warnings } : { warnings, patched };
}

function responseOf(answer: unknown, uid: string): Record<string, unknown> {
  if (!isRecord(answer) || answer["kind"] !== "AdmissionReview" || answer["apiVersion"] !== "admission.k8s.io/v1") {
    const { apiVersion = "", kind = "" } = isRecord(answer) ? answer : {};
    throw new WebhookError(`received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${String(apiVersion)}, Kind=${String(kind)}`);
  }
  const response = answer["response"];
  if (!isRecord(response)) throw new WebhookError("received invalid webhook response: webhook response was absent");
  if (response["uid"] !== uid) {
    throw new WebhookError(`received invalid webhook response: expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response["uid"] ?? "")}`);
  }
  return response;
}

/** Never a code below 400, and always a word. */
function denial(name: string, status: unknown): StatusError {
  const { code, message, reason } = isRecord(status) ? status : {};
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = [message, reason].find((text) => typeof text === "string" && text !== "");
  return new StatusError({
    code: typeof code === "number" && code >= 400 && code < 600 ? code : 400,
    reason: typeof reason === "string" ? reason : "",
    message: typeof why === "string" ? `${denied}: ${why}` : `${denied} without explanation`,
  });
}

function patchedBy({ patch, patchType }: Record<string, unknown>, review: Review): KubernetesObject | undefined {
  if (patch === undefined || patch === null || patch === "") return undefined;
  if (patchType !== "JSONPatch") throw new WebhookError(`received invalid webhook response: webhook returned response.patch with unsupported response.patchType ${JSON.stringify(patchType ?? "")}`);
  const result = jsonPatch(reviewed(review, review.object), operationsOf(patch));
  if (!result.ok) throw new WebhookError(`received invalid webhook response: ${result.message}`);
  return result.value;
}

function operationsOf(base64: unknown): unknown {
  try {
    if (typeof base64 !== "string") throw new TypeError("not a text");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))));
  } catch {
    throw new WebhookError("received invalid webhook response: response.patch is not a JSON patch in base64");
  }
}
