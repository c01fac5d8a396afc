/** Secrets. Encrypted at rest by the store's codec. */
import type { Secret } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "../columns.ts";
import { immutableErrors, immutableField, keysErrors, sizeErrors } from "../rules/data-rules.ts";
import { defineResource } from "../define.ts";
import { required } from "../rules/field-errors.ts";
import type { FieldError } from "../resource.ts";

export const secrets = defineResource<Secret>({
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  schema: "io.k8s.api.core.v1.Secret",
  applyDefaults(secret) {
    secret.type ??= "Opaque";
    foldStringData(secret);
  },
  validate: (secret) => [...keysErrors("data", secret.data), ...sizeErrors("data", undefined, secret.data), ...typeErrors(secret)],
  validateUpdate: (next, previous) => [
    ...immutableField("type", next.type, previous.type),
    ...immutableErrors(next, previous, ["data"]),
  ],
  columns: [
    nameColumn,
    column<Secret>("Type", "What the Secret is for.", ({ type }) => type ?? ""),
    column<Secret>("Data", "Number of entries.", ({ data }) => Object.keys(data ?? {}).length, integer),
    ageColumn,
  ],
  terms: ({ type, metadata }) => {
    const account = type === "kubernetes.io/service-account-token" ? metadata?.annotations?.[accountAnnotation] : undefined;
    return account === undefined ? [] : [`account:${metadata?.namespace ?? ""}/${account}`];
  },
  selectableFields: ({ type }) => ({ type: type ?? "" }),
});

/** Types whose users look for certain keys. */
const keysOfType: Record<string, string[]> = {
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

const accountAnnotation = "kubernetes.io/service-account.name";

function typeErrors({ type = "", data = {}, metadata }: Secret): FieldError[] {
  if (type === "kubernetes.io/service-account-token" && !metadata?.annotations?.[accountAnnotation]) {
    return [required(`metadata.annotations[${accountAnnotation}]`)];
  }
  if (type === "kubernetes.io/basic-auth" && !("username" in data) && !("password" in data)) {
    return [required("data[username]"), required("data[password]")];
  }
  return (keysOfType[type] ?? []).filter((key) => !(key in data)).map((key) => required(`data[${key}]`));
}

/** `stringData` is for writing only: each entry replaces that of `data`. */
function foldStringData(secret: Secret): void {
  if (secret.stringData === undefined) return;
  const entries = Object.entries(secret.stringData).map(([key, text]) => [key, base64Of(text)] as const);
  secret.data = { ...secret.data, ...Object.fromEntries(entries) };
  delete secret.stringData;
}

function base64Of(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
