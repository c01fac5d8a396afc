/**
 * ConversionReview of apiextensions.k8s.io: the question to a webhook, and what its answer must keep, in the words of
 * apiextensions-apiserver. Pure.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#webhook-conversion
 */
import { isEqual, isRecord } from "../../protocol/kubernetes/equal.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { annotationErrors, labelErrors } from "../registry/metadata.ts";
import type { FieldError } from "../resources/resource.ts";
import { WebhookError } from "../webhooks/client.ts";

export interface Conversion {
  objects: KubernetesObject[];
  /** `example.com/v2` */
  to: string;
  uid: string;
  /** Versions of the review that the webhook understands, best first. */
  reviewVersions: string[];
}

const known = ["v1", "v1beta1"];

export function conversionReview({ objects, to, uid, reviewVersions }: Conversion): { apiVersion: string; [field: string]: unknown } {
  const version = reviewVersions.find((one) => known.includes(one));
  if (version === undefined) throw new WebhookError(`no supported conversion review versions in [${reviewVersions.join(" ")}]`);
  return { kind: "ConversionReview", apiVersion: `apiextensions.k8s.io/${version}`, request: { uid, desiredAPIVersion: to, objects } };
}

/** `stable.example.com/v1, Kind=CronTab` */
export const kindText = ({ apiVersion = "", kind = "" }: KubernetesObject): string => `${apiVersion}, Kind=${kind}`;

/** The objects of the answer, each with the metadata that it had, but for labels and annotations. */
export function convertedObjects(answer: unknown, asked: Conversion, reviewVersion: string): KubernetesObject[] {
  const { objects, to } = asked;
  const about = `conversion webhook for ${kindText(objects[0] ?? {})}`;
  const converted = answered(answer, asked, reviewVersion, about);
  if (converted.length !== objects.length) throw new WebhookError(`${about} returned ${converted.length} objects, expected ${objects.length}`);
  return objects.map((original, at) => {
    const one = converted[at];
    const invalid = (what: string, why: string) => new WebhookError(`${about} returned invalid ${what} at index ${at}: ${why}`);
    if (!isRecord(one)) throw invalid("converted object", "it is no object");
    const object: KubernetesObject = one;
    if (object.apiVersion !== to) throw invalid("converted object", `invalid groupVersion (expected ${to}, received ${String(object.apiVersion ?? "")})`);
    if (object.kind !== original.kind) throw invalid("converted object", `invalid kind (expected ${original.kind}, received ${String(object.kind ?? "")})`);
    const difference = identityDifference(original, object);
    if (difference !== undefined) throw invalid("converted object", difference);
    const metadata = metadataOf(original, object);
    if (typeof metadata === "string") throw invalid("metadata in object", metadata);
    return { ...object, metadata };
  });
}

function answered(answer: unknown, { uid }: Conversion, reviewVersion: string, about: string): unknown[] {
  const failed = (why: string) => new WebhookError(`${about} failed: ${why}`);
  const { apiVersion = "", kind = "", response } = isRecord(answer) ? answer : {};
  if (kind !== "ConversionReview" || apiVersion !== reviewVersion) {
    throw failed(`expected webhook response of ${reviewVersion}, Kind=ConversionReview, got ${String(apiVersion)}, Kind=${String(kind)}`);
  }
  if (!isRecord(response)) throw failed("no response provided");
  if (response["uid"] !== uid) throw failed(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response["uid"] ?? "")}`);
  const result = isRecord(response["result"]) ? response["result"] : {};
  const { status = "", message } = result;
  if (status !== "Success") throw failed(typeof message === "string" && message !== "" ? message : `response.result.status was '${String(status)}', not 'Success'`);
  return Array.isArray(response["convertedObjects"]) ? response["convertedObjects"] : [];
}

function identityDifference(original: KubernetesObject, converted: KubernetesObject): string | undefined {
  const now: Record<string, unknown> = isRecord(converted.metadata) ? converted.metadata : {};
  for (const [field, what] of [["name", "name"], ["namespace", "namespace"], ["uid", "UID"]] as const) {
    const [before = "", after = ""] = [original.metadata?.[field], now[field]];
    if (before !== after) return `must have the same ${what}: ${before} != ${String(after)}`;
  }
  return undefined;
}

/** As a text: what is wrong with it. */
function metadataOf(original: KubernetesObject, { metadata: given }: KubernetesObject): NonNullable<KubernetesObject["metadata"]> | string {
  if (given === undefined) return "missing metadata in converted object";
  if (!isRecord(given)) return `invalid metadata of type ${typeof given} in converted object`;
  const { labels: _labels, annotations: _annotations, ...metadata } = original.metadata ?? {};
  for (const field of ["labels", "annotations"] as const) {
    const values: unknown = given[field];
    if (values === undefined || values === null) continue;
    if (!isRecord(values)) return `invalid metadata.${field} of type ${typeof values} in converted object`;
    const [wrong] = Object.entries(values).filter(([, value]) => typeof value !== "string");
    if (wrong !== undefined) return `metadata.${field}[${wrong[0]}] must be a string, but is ${typeof wrong[1]} in converted object`;
    const texts = values as Record<string, string>; // looked at above
    const errors = isEqual(texts, original.metadata?.[field]) ? [] : (field === "labels" ? labelsErrors(texts) : annotationErrors(texts));
    if (errors.length > 0) return errors.map(({ path, message }) => `${path}: ${message}`).join(", ");
    Object.assign(metadata, { [field]: texts });
  }
  return metadata;
}

const labelsErrors = (labels: Record<string, string>): FieldError[] => Object.entries(labels).flatMap(([key, value]) => labelErrors(key, value));
