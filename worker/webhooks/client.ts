/**
 * The HTTPS client of webhooks, for admission and for conversion. It is bounded in time and size, follows no redirect
 * and calls no private address. A caBundle cannot be honoured: `fetch` takes no trust anchors of ours; the certificate
 * must be one that the public authorities vouch for.
 */
import { refusalOf } from "./address.ts";

export interface WebhookClientConfig {
  url?: string;
  service?: { namespace: string; name: string; path?: string; port?: number };
}

export interface WebhookCall {
  config: WebhookClientConfig;
  body: unknown;
  timeoutSeconds: number;
  /** As upstream: admission tells its patience in the URL, and who it is. */
  isAdmission: boolean;
  /** WEBHOOK_ALLOW_PRIVATE. */
  allowed: string;
}

/** Why there is no answer, in words for whoever configured the webhook. */
export class WebhookError extends Error {
  override name = "WebhookError";
}

/** A request has at most three megabytes; an answer that patches it needs little more. */
const answerBytes = 4 * 1024 * 1024;

/** The JSON of the answer, whatever it says. */
export async function callWebhook({ config, body, timeoutSeconds, isAdmission, allowed }: WebhookCall): Promise<unknown> {
  const url = urlOf(config);
  const refusal = refusalOf(url, allowed);
  if (refusal !== undefined) throw new WebhookError(`Post ${JSON.stringify(url)}: ${refusal}`);
  const target = isAdmission ? `${url}?timeout=${timeoutSeconds}s` : url;
  try {
    const response = await fetch(target, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, */*", "user-agent": isAdmission ? "kube-apiserver-admission" : "kube-apiserver" },
      body: JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    });
    return JSON.parse(await textOf(response));
  } catch (error) {
    throw new WebhookError(`Post ${JSON.stringify(target)}: ${reasonOf(error)}`);
  }
}

function urlOf({ url, service }: WebhookClientConfig): string {
  if (url !== undefined) return url;
  const { namespace = "", name = "" } = service ?? {};
  throw new WebhookError(`service ${namespace}/${name} cannot be reached from the control plane`);
}

async function textOf(response: Response): Promise<string> {
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    throw new WebhookError(`it answered with a redirect (${response.status}), which is not followed`);
  }
  const text = await bounded(response);
  if (response.status < 200 || response.status >= 300) {
    throw new WebhookError(`an error on the server (${JSON.stringify(text.slice(0, 200))}) has prevented the request from succeeding: ${response.status}`);
  }
  return text;
}

async function bounded({ body }: Response): Promise<string> {
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new TextDecoder().decode(await new Blob(chunks).arrayBuffer());
    bytes += value.byteLength;
    if (bytes > answerBytes) {
      await reader.cancel();
      throw new WebhookError(`its answer is larger than ${answerBytes} bytes`);
    }
    chunks.push(value);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "context deadline exceeded";
  return error instanceof Error ? error.message : String(error);
}
