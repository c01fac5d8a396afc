/** Secrets. Encrypted at rest by the store's codec. */
import type { Secret } from "../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "./columns.ts";
import { defineResource } from "./define.ts";

export const secrets = defineResource<Secret>({
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  schema: "io.k8s.api.core.v1.Secret",
  applyDefaults(secret) {
    secret.type ??= "Opaque";
    foldStringData(secret);
  },
  columns: [
    nameColumn,
    column<Secret>("Type", "What the Secret is for.", ({ type }) => type ?? ""),
    column<Secret>("Data", "Number of entries.", ({ data }) => Object.keys(data ?? {}).length, integer),
    ageColumn,
  ],
  selectableFields: ({ type }) => ({ type: type ?? "" }),
});

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
