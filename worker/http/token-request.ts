/**
 * `POST …/serviceaccounts/NAME/token`: a token of a service account, for an audience, for a time, and bound to a pod,
 * a Secret or a Node if asked (upstream's `registry/core/serviceaccount/storage/token.go`).
 */
import type { AuthenticationTokenRequest as TokenRequest, BoundObjectReference, Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError, type StatusCause } from "../../protocol/status.ts";
import { restrictToken, restrictTokenOf } from "../auth/node-restriction.ts";
import { serviceAccountTokens } from "../identity/authenticator.ts";
import { apiAudiences, issuerOf } from "../identity/issuer.ts";
import type { Binding } from "../identity/service-account-claims.ts";
import { longestTokenSeconds } from "../identity/signing-keys.ts";
import { objectOf } from "../registry/text.ts";
import { timestamp } from "../registry/time.ts";
import { nodes } from "../resources/core/nodes.ts";
import { pods } from "../resources/core/pods.ts";
import { secrets } from "../resources/core/secrets.ts";
import { objectKey, type Resource } from "../resources/resource.ts";
import { admitSubresource } from "./admission.ts";
import { decodeBody, readBody, type Decodable } from "./body.ts";
import type { Call } from "./context.ts";
import { writeOptionsOf } from "./options.ts";
import { readCurrent } from "./read.ts";
import { objectResponse, withWarnings } from "./respond.ts";

const kind: Decodable = { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest", schema: "io.k8s.api.authentication.v1.TokenRequest" };
const defaultSeconds = 3600;

export async function createToken(call: Call): Promise<Response> {
  const { fieldValidation, isDryRun } = writeOptionsOf(call.query, "CreateOptions");
  const { object, warnings } = decodeBody(kind, await readBody(call.request), fieldValidation);
  const request = object as TokenRequest; // its schema was checked
  const { name, namespace } = call.info;
  checkNamed(request, name, namespace);
  const account = await readCurrent(call);
  const audiences = request.spec?.audiences?.length ? request.spec.audiences : apiAudiences(call.env, call.request.url);
  const asked = request.spec?.expirationSeconds ?? defaultSeconds;
  checkSeconds(name, asked);
  const reference = request.spec?.boundObjectRef;
  restrictToken(call.user, request);
  const body = { ...request, spec: { ...request.spec, audiences, expirationSeconds: asked } };
  warnings.push(...(await admitSubresource(call, { operation: "CREATE", as: kind, body, isDryRun })));
  const bound = reference === undefined ? {} : await bindingOf(call, reference, request.spec?.audiences ?? []);
  const lifeSeconds = Math.min(asked, longestTokenSeconds);
  if (lifeSeconds < asked) warnings.push(`requested expiration of ${asked} seconds shortened to ${lifeSeconds} seconds`);
  const issuedAt = Math.floor(call.context.now / 1000);
  const token = await serviceAccountTokens(call.env).sign(call.store, {
    claims: { namespace, serviceaccount: { name, uid: account.metadata.uid }, ...bound },
    issuer: issuerOf(call.env, call.request.url),
    audiences,
    issuedAt,
    lifeSeconds,
    tokenId: call.context.newUid(),
  });
  const answer: TokenRequest = {
    kind: kind.kind,
    apiVersion: "authentication.k8s.io/v1",
    metadata: { ...request.metadata, name, namespace, creationTimestamp: timestamp(call.context.now) },
    spec: { audiences, expirationSeconds: lifeSeconds, ...(reference === undefined ? {} : { boundObjectRef: reference }) },
    status: { token, expirationTimestamp: timestamp((issuedAt + lifeSeconds) * 1000) },
  };
  return withWarnings(objectResponse(call, answer, 201), warnings);
}

function checkNamed({ metadata = {} }: TokenRequest, name: string, namespace: string): void {
  const causes: StatusCause[] = [];
  const must = (field: string, value: string, what: string) =>
    causes.push({ reason: "FieldValueInvalid", field: `metadata.${field}`, message: `Invalid value: ${JSON.stringify(value)}: must match the service account ${what} if specified` });
  if (metadata.name && metadata.name !== name) must("name", metadata.name, "name");
  else if (metadata.namespace && metadata.namespace !== namespace) must("namespace", metadata.namespace, "namespace");
  if (causes.length > 0) throw StatusError.invalid({ ...kind, name }, causes);
}

function checkSeconds(name: string, seconds: number): void {
  const why = seconds < 600 ? "may not specify a duration less than 10 minutes" : seconds > 2 ** 32 ? "may not specify a duration larger than 2^32 seconds" : undefined;
  if (why === undefined) return;
  const message = `Invalid value: ${seconds}: ${why}`;
  throw StatusError.invalid({ ...kind, name }, [{ reason: "FieldValueInvalid", field: "spec.expirationSeconds", message }]);
}

/** `asked`: audiences that the request itself names. */
async function bindingOf(call: Call, reference: BoundObjectReference, asked: string[]): Promise<Binding> {
  const { apiVersion = "", kind: boundKind = "" } = reference;
  switch (apiVersion === "v1" ? boundKind : "") {
    case "Pod":
      return await podBinding(call, reference, asked);
    case "Secret":
      return { secret: await named(call, secrets, reference) };
    case "Node":
      return { node: await named(call, nodes, reference) };
    default:
      throw StatusError.badRequest(`cannot bind token to object of type ${apiVersion}, Kind=${boundKind}`);
  }
}

/** A pod's token says where the pod runs, too. */
async function podBinding(call: Call, reference: BoundObjectReference, asked: string[]): Promise<Binding> {
  const pod: Stored<Pod> = await bound(call, pods, reference);
  const { serviceAccountName, nodeName } = pod.spec ?? {};
  if (serviceAccountName !== call.info.name) {
    throw StatusError.badRequest(`cannot bind token for serviceaccount ${JSON.stringify(call.info.name)} to pod running with different serviceaccount name.`);
  }
  const binding: Binding = { pod: { name: pod.metadata.name, uid: pod.metadata.uid } };
  restrictTokenOf(call.user, pod, call.info.name, asked);
  if (!nodeName) return binding;
  const node = await call.store.get(objectKey(nodes, "", nodeName));
  return { ...binding, node: { name: nodeName, ...(node === undefined ? {} : { uid: objectOf(nodes, node).metadata.uid }) } };
}

async function named(call: Call, resource: Resource, reference: BoundObjectReference): Promise<{ name: string; uid: string }> {
  const { metadata } = await bound(call, resource, reference);
  return { name: metadata.name, uid: metadata.uid };
}

async function bound(call: Call, resource: Resource, { name = "", uid }: BoundObjectReference): Promise<Stored<KubernetesObject>> {
  const about = { group: "", kind: resource.plural, name };
  const stored = await call.store.get(objectKey(resource, resource.isNamespaced ? call.info.namespace : "", name));
  if (stored === undefined) throw StatusError.notFound(about);
  const object = objectOf(resource, stored);
  if (!uid || uid === object.metadata.uid) return object;
  const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  throw StatusError.conflict({ ...about, kind: resource.kind }, why);
}
