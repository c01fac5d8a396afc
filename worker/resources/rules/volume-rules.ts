/** Rules of volumes. */
import type { KeyToPath, Volume } from "../../../protocol/kubernetes/generated/types.ts";
import { innerPathErrors } from "./container-rules.ts";
import { duplicatesAt, forbidden, invalid, invalidFor, notSupported, required } from "./field-errors.ts";
import { dns1123LabelErrors } from "./names.ts";
import type { FieldError } from "../resource.ts";

export function volumesErrors(path: string, volumes: Volume[] | undefined): FieldError[] {
  const each = (volumes ?? []).flatMap((volume, at) => volumeErrors(`${path}[${at}]`, volume));
  return [...each, ...duplicatesAt(volumes ?? [], ({ name }) => name, (at) => `${path}[${at}].name`)];
}

function volumeErrors(path: string, volume: Volume): FieldError[] {
  const { name, ...sources } = volume;
  const errors = name === "" ? [required(`${path}.name`)] : invalidFor(`${path}.name`, name, dns1123LabelErrors(name));
  const kinds = Object.keys(sources);
  if (kinds.length === 0) errors.push(required(path, "must specify a volume type"));
  for (const kind of kinds.slice(1)) errors.push(forbidden(`${path}.${kind}`, "may not specify more than 1 volume type"));
  return [...errors, ...sourceErrors(path, volume)];
}

function sourceErrors(path: string, { hostPath, configMap, secret, persistentVolumeClaim }: Volume): FieldError[] {
  const errors: FieldError[] = [];
  if (hostPath !== undefined) errors.push(...hostPathErrors(`${path}.hostPath`, hostPath));
  if (configMap !== undefined) {
    if (!configMap.name) errors.push(required(`${path}.configMap.name`));
    errors.push(...filesErrors(`${path}.configMap`, configMap));
  }
  if (secret !== undefined) {
    if (!secret.secretName) errors.push(required(`${path}.secret.secretName`));
    errors.push(...filesErrors(`${path}.secret`, secret));
  }
  if (persistentVolumeClaim?.claimName === "") errors.push(required(`${path}.persistentVolumeClaim.claimName`));
  return errors;
}

const hostPathTypes = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];

function hostPathErrors(path: string, { path: hostPath, type = "" }: NonNullable<Volume["hostPath"]>): FieldError[] {
  const errors: FieldError[] = [];
  if (hostPath === "") errors.push(required(`${path}.path`));
  else if (hostPath.split("/").includes("..")) errors.push(invalid(`${path}.path`, hostPath, "must not contain '..'"));
  return hostPathTypes.includes(type) ? errors : [...errors, notSupported(`${path}.type`, type, hostPathTypes)];
}

const modeRule = "must be a number between 0 and 0777 (octal), both inclusive";
const isMode = (mode: number | undefined): boolean => mode === undefined || (mode >= 0 && mode <= 0o777);

function filesErrors(path: string, { defaultMode, items = [] }: { defaultMode?: number; items?: KeyToPath[] }): FieldError[] {
  const errors = isMode(defaultMode) ? [] : [invalid(`${path}.defaultMode`, defaultMode, modeRule)];
  for (const [at, { key, path: file, mode }] of items.entries()) {
    const place = `${path}.items[${at}]`;
    if (key === "") errors.push(required(`${place}.key`));
    if (file === "") errors.push(required(`${place}.path`));
    else errors.push(...innerPathErrors(`${place}.path`, file));
    if (!isMode(mode)) errors.push(invalid(`${place}.mode`, mode, modeRule));
  }
  return errors;
}
