/** Conversion by a definition's webhook: many objects a call, bounded in number, size and time. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import type { CustomVersions, Resource } from "../resources/resource.ts";
import { callWebhook, WebhookError, type WebhookCall, type WebhookClientConfig } from "../webhooks/client.ts";
import { conversionReview, convertedObjects, kindText, type Conversion } from "./conversion-review.ts";

/** A custom kind that has several versions. */
export type VersionedKind = Resource & { custom: { versions: CustomVersions } };

export interface ConversionPorts {
  /** WEBHOOK_ALLOW_PRIVATE. */
  allowed: string;
  newUid(): string;
  now(): number;
  /** Told of each call; `failure` says why it came to nothing. */
  observe(seconds: number, failure?: ConversionFailure): void;
}

/** Upstream's words for its metrics. */
export type ConversionFailure = "conversion_webhook_call_failure" | "conversion_webhook_invalid_response_failure";

/** Objects in other versions of their kind. May change what it is given. */
export type Convert = (objects: KubernetesObject[], apiVersion: string) => Promise<KubernetesObject[]>;

/** Upstream asks without a bound of its own; a request takes no longer than a minute here. */
const timeoutSeconds = 30;
const mostObjects = 100;
const mostCharacters = 1024 * 1024;

/** A webhook that does not do its work is upstream's 500. */
export function converterOf(kind: VersionedKind, ports: ConversionPorts): Convert {
  const { versions } = kind.custom;
  return async (objects, apiVersion) => {
    const target = versions.byApiVersion.get(apiVersion);
    if (target === undefined) throw failure(`request to convert CR to an invalid group/version: ${apiVersion}`);
    const others = objects.filter((object) => object.apiVersion !== apiVersion);
    const unknown = others.find((object) => !versions.byApiVersion.has(object.apiVersion ?? ""));
    if (unknown !== undefined) throw failure(`request to convert CR from an invalid group/version: ${unknown.apiVersion}`);
    const converted = await convertAll(others, apiVersion, { versions, ports });
    for (const object of converted) target.custom?.prune(object);
    return objects.map((object) => (object.apiVersion === apiVersion ? object : converted.shift() ?? object));
  };
}

interface Asking {
  versions: CustomVersions;
  ports: ConversionPorts;
}

async function convertAll(objects: KubernetesObject[], to: string, { versions: { webhook }, ports }: Asking): Promise<KubernetesObject[]> {
  if (webhook === undefined) return objects.map((object) => ({ ...object, apiVersion: to }));
  const converted: KubernetesObject[] = [];
  for (const chunk of chunksOf(objects)) {
    const { clientConfig, reviewVersions } = webhook;
    converted.push(...(await ask({ objects: chunk, to, uid: ports.newUid(), reviewVersions }, clientConfig, ports)));
  }
  return converted;
}

/** So that neither the question nor the answer is ever large. */
function* chunksOf(objects: KubernetesObject[]): Iterable<KubernetesObject[]> {
  let [chunk, characters]: [KubernetesObject[], number] = [[], 0];
  for (const object of objects) {
    const size = JSON.stringify(object).length;
    if (chunk.length === mostObjects || (chunk.length > 0 && characters + size > mostCharacters)) {
      yield chunk;
      [chunk, characters] = [[], 0];
    }
    chunk.push(object);
    characters += size;
  }
  if (chunk.length > 0) yield chunk;
}

async function ask(conversion: Conversion, clientConfig: WebhookClientConfig, ports: ConversionPorts): Promise<KubernetesObject[]> {
  const startedAt = ports.now();
  const observe = (failure?: ConversionFailure) => ports.observe((ports.now() - startedAt) / 1000, failure);
  let failed: ConversionFailure = "conversion_webhook_call_failure";
  try {
    const body = conversionReview(conversion);
    const answer = await called(conversion, { config: clientConfig, body, timeoutSeconds, isAdmission: false, allowed: ports.allowed });
    failed = "conversion_webhook_invalid_response_failure";
    const converted = convertedObjects(answer, conversion, body.apiVersion);
    observe();
    return converted;
  } catch (error) {
    observe(failed);
    throw error instanceof WebhookError ? failure(error.message) : error;
  }
}

async function called({ objects }: Conversion, call: WebhookCall): Promise<unknown> {
  try {
    return await callWebhook(call);
  } catch (error) {
    throw error instanceof WebhookError ? new WebhookError(`conversion webhook for ${kindText(objects[0] ?? {})} failed: ${error.message}`) : error;
  }
}

const failure = (message: string): StatusError => new StatusError({ code: 500, reason: "", message });

export function isVersioned(resource: Resource): resource is VersionedKind {
  return resource.custom?.versions !== undefined;
}

/** Whether objects of the kind differ from version to version. */
export function isConverted(resource: Resource): resource is VersionedKind {
  return resource.custom?.versions?.webhook !== undefined;
}

