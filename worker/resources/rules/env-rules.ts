/** Rules of environment variables. */
import type { EnvFromSource, EnvVar } from "../../../protocol/kubernetes/generated/types.ts";
import { invalid, invalidFor, notSupported, required } from "./field-errors.ts";
import { configKeyErrors, dns1123SubdomainErrors, envNameErrors } from "./names.ts";
import type { FieldError } from "../resource.ts";

export function envErrors(path: string, env: EnvVar[] | undefined): FieldError[] {
  return (env ?? []).flatMap((variable, at) => {
    const place = `${path}[${at}]`;
    const name = variable.name === "" ? [required(`${place}.name`)] : invalidFor(`${place}.name`, variable.name, envNameErrors(variable.name));
    return [...name, ...sourceErrors(`${place}.valueFrom`, variable)];
  });
}

const sources = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"] as const;

function sourceErrors(path: string, { value, valueFrom }: EnvVar): FieldError[] {
  if (valueFrom === undefined) return [];
  const used = sources.filter((source) => valueFrom[source] !== undefined);
  if (used.length === 0) {
    const known = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
    return [invalid(path, "", known)];
  }
  if (value) return [invalid(path, "", "may not be specified when `value` is not empty")];
  if (used.length > 1) return [invalid(path, "", "may not have more than one field specified at a time")];
  const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef !== undefined) return fieldPathErrors(`${path}.fieldRef.fieldPath`, fieldRef.fieldPath);
  if (configMapKeyRef !== undefined) return keyErrors(`${path}.configMapKeyRef`, configMapKeyRef);
  return secretKeyRef === undefined ? [] : keyErrors(`${path}.secretKeyRef`, secretKeyRef);
}

const envFields = [
  "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
  "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
];

function fieldPathErrors(path: string, field: string): FieldError[] {
  if (field === "") return [required(path)];
  if (/^metadata\.(labels|annotations)\['[^']+'\]$/.test(field) || envFields.includes(field)) return [];
  if (field === "metadata.labels" || field === "metadata.annotations") return [notSupported(path, field, envFields)];
  return [invalid(path, field, `error converting fieldPath: field label not supported: ${field}`)];
}

function keyErrors(path: string, { name, key }: { name?: string; key: string }): FieldError[] {
  return [
    ...(name ? [] : [required(`${path}.name`)]),
    ...(key === "" ? [required(`${path}.key`)] : invalidFor(`${path}.key`, key, configKeyErrors(key))),
  ];
}

export function envFromErrors(path: string, list: EnvFromSource[] | undefined): FieldError[] {
  return (list ?? []).flatMap(({ prefix, configMapRef, secretRef }, at) => {
    const place = `${path}[${at}]`;
    const errors = prefix ? invalidFor(`${place}.prefix`, prefix, envNameErrors(prefix)) : [];
    if (configMapRef === undefined && secretRef === undefined) {
      return [...errors, invalid(place, "", "must specify one of: `configMapRef` or `secretRef`")];
    }
    if (configMapRef !== undefined && secretRef !== undefined) {
      return [...errors, invalid(place, "", "may not have more than one field specified at a time")];
    }
    const field = configMapRef === undefined ? "secretRef" : "configMapRef";
    const name = (configMapRef ?? secretRef)?.name ?? "";
    const wrong = name === "" ? [required(`${place}.${field}.name`)] : invalidFor(`${place}.${field}.name`, name, dns1123SubdomainErrors(name));
    return [...errors, ...wrong];
  });
}
