/**
 * ServiceAccount: a pod runs as an account that is there, has a token of it where its containers look for one, and the
 * account's pull secrets. https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
 *
 * The account may be an old copy of this isolate's: the write requires the very revision that was looked at.
 */
import type { Container, Pod, PodSpec, ServiceAccount, Volume } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { StatusError } from "../../../protocol/status.ts";
import type { Requirement } from "../../storage/store.ts";
import { lookUp } from "./look-up.ts";
import type { Attributes, Plugin } from "./plugin.ts";

const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const volumePrefix = "kube-api-access-";
/** Upstream's mark of a token that nobody asked for. */
const tokenSeconds = 3607;
const mirror = "kubernetes.io/config.mirror";
const enforceSecrets = "kubernetes.io/enforce-mountable-secrets";

export const serviceAccount: Plugin = {
  name: "ServiceAccount",
  resources: ["pods"],
  needs: (attributes) => (isConcerned(attributes) || isAddingContainers(attributes) ? [keyOf(attributes), `namespaces//${namespaceOf(attributes)}`] : []),
  mutate(attributes) {
    const { spec } = attributes.object as Pod; // its shape is checked after this
    if (!isConcerned(attributes) || spec === undefined) return;
    spec.serviceAccountName = nameOf(attributes);
    const account = accountOf(attributes);
    if (account === undefined) return;
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec, attributes.context);
    if ((spec.imagePullSecrets ?? []).length === 0 && account.imagePullSecrets !== undefined) spec.imagePullSecrets = [...account.imagePullSecrets];
  },
  validate(attributes) {
    const { spec } = attributes.object as Pod;
    if (spec !== undefined && isAddingContainers(attributes)) rejectOtherSecretsLater(attributes, spec);
    if (attributes.operation !== "CREATE" || spec === undefined) return [];
    if (isMirror(attributes)) rejectMirror(attributes, spec);
    else rejectOtherSecrets(attributes, spec);
    return [];
  },
  requires(attributes): Requirement[] {
    const account = isConcerned(attributes) ? lookUp(attributes.context, keyOf(attributes)) : undefined;
    if (account === undefined) return [];
    return [{ key: keyOf(attributes), is: "present", revision: Number(account.metadata.resourceVersion) }];
  },
};

const isMirror = ({ object }: Pick<Attributes, "object">): boolean => object.metadata?.annotations?.[mirror] !== undefined;
const isConcerned = (attributes: Attributes): boolean => attributes.operation === "CREATE" && attributes.subresource === "" && !isMirror(attributes);
const isAddingContainers = ({ operation, subresource }: Attributes): boolean => operation === "UPDATE" && subresource === "ephemeralcontainers";
/** The second field is the first one's former name. Of a pod that is there it stays. */
const nameOf = ({ object, old }: Attributes): string => {
  const { spec } = (old ?? object) as Pod;
  return spec?.serviceAccountName || spec?.serviceAccount || "default";
};
const namespaceOf = ({ object }: Attributes): string => object.metadata?.namespace ?? "";
const keyOf = (attributes: Attributes): string => `serviceaccounts/${namespaceOf(attributes)}/${nameOf(attributes)}`;

/** Undefined: it was not looked up, or its namespace is not there, which the store says in its own words. */
function accountOf(attributes: Attributes): Stored<ServiceAccount> | undefined {
  const account = lookUp<ServiceAccount>(attributes.context, keyOf(attributes));
  const namespace = namespaceOf(attributes);
  if (account !== undefined || lookUp(attributes.context, `namespaces//${namespace}`) === undefined) return account;
  const name = nameOf(attributes);
  throw forbidden(attributes, `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`);
}

/** Containers that have something of their own there keep it. */
function mountToken(spec: PodSpec, { randomSuffix }: Attributes["context"]): void {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const missing = containers.filter(({ volumeMounts = [] }) => !volumeMounts.some((mount) => mount.mountPath === mountPath));
  const present = (spec.volumes ?? []).find((volume) => volume.name?.startsWith(volumePrefix));
  const name = present?.name ?? volumePrefix + randomSuffix(5);
  for (const container of missing) mountInto(container, name);
  if (present === undefined && missing.length > 0) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function mountInto(container: Container, name: string): void {
  container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
}

function tokenVolume(name: string): Volume {
  const sources = [
    { serviceAccountToken: { expirationSeconds: tokenSeconds, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    { downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] } },
  ];
  return { name, projected: { sources, defaultMode: 0o644 } };
}

/** The pod of a file on a node: the API only shows it. */
function rejectMirror(attributes: Attributes, spec: PodSpec): void {
  const volumes = spec.volumes ?? [];
  if (volumes.some(({ secret }) => secret !== undefined)) throw forbidden(attributes, "a mirror pod may not reference secrets");
  const hasToken = volumes.some(({ projected }) => projected?.sources?.some((source) => source.serviceAccountToken !== undefined));
  if (hasToken) throw forbidden(attributes, "a mirror pod may not use ServiceAccountToken volume projections");
}

/** An account may say that its pods use none but its own Secrets. */
function rejectOtherSecrets(attributes: Attributes, spec: PodSpec): void {
  const account = accountOf(attributes);
  if (account?.metadata.annotations?.[enforceSecrets] !== "true") return;
  const mountable = new Set((account.secrets ?? []).map(({ name }) => name));
  const pullable = new Set((account.imagePullSecrets ?? []).map(({ name }) => name));
  const named = account.metadata.name;
  for (const { secret } of spec.volumes ?? []) {
    if (secret === undefined || mountable.has(secret.secretName)) continue;
    throw forbidden(attributes, `volume with secret.secretName=${JSON.stringify(secret.secretName)} is not allowed because service account ${named} does not reference that secret`);
  }
  for (const { kind, name, secret } of containerSecrets(spec)) {
    if (mountable.has(secret)) continue;
    throw forbidden(attributes, `${kind} ${name} with ${secretField(kind)}=${JSON.stringify(secret)} is not allowed because service account ${named} does not reference that secret`);
  }
  for (const { name = "" } of spec.imagePullSecrets ?? []) {
    if (pullable.has(name)) continue;
    throw forbidden(attributes, `imagePullSecrets[].name=${JSON.stringify(name)} is not allowed because service account ${named} does not reference that imagePullSecret`);
  }
}

/** Nor are its Secrets told to a container that comes later (CVE-2023-2728). */
function rejectOtherSecretsLater(attributes: Attributes, { ephemeralContainers = [] }: PodSpec): void {
  const account = accountOf(attributes);
  if (account?.metadata.annotations?.[enforceSecrets] !== "true") return;
  const mountable = new Set((account.secrets ?? []).map(({ name }) => name));
  const reject = (what: string, secret: string) => {
    if (mountable.has(secret)) return;
    throw forbidden(attributes, `ephemeral container ${what} referencing secret.secretName=${JSON.stringify(secret)} is not allowed because service account ${account.metadata.name} does not reference that secret`);
  };
  for (const { name: container, env = [], envFrom = [] } of ephemeralContainers) {
    for (const { name, valueFrom } of env) if (valueFrom?.secretKeyRef !== undefined) reject(`${container} with envVar ${name}`, valueFrom.secretKeyRef.name ?? "");
    for (const { secretRef } of envFrom) if (secretRef !== undefined) reject(`${container} with envFrom`, secretRef.name ?? "");
  }
}

const secretField = (kind: string): string => (kind.endsWith("envVar") ? "referencing secret.secretName" : "referencing secret.name");

function* containerSecrets(spec: PodSpec): Iterable<{ kind: string; name: string; secret: string }> {
  for (const { name, env = [], envFrom = [] } of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    for (const { valueFrom } of env) if (valueFrom?.secretKeyRef?.name) yield { kind: "container envVar", name, secret: valueFrom.secretKeyRef.name };
    for (const { secretRef } of envFrom) if (secretRef?.name) yield { kind: "container", name, secret: secretRef.name };
  }
}

function forbidden({ object }: Attributes, why: string): StatusError {
  return StatusError.forbidden({ group: "", kind: "pods", name: object.metadata?.name ?? "" }, why);
}
