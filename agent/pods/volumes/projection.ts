/** The files of configMap, secret, downwardAPI and projected volumes: pure, from the objects to paths and contents. */
import type { ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, Secret, Volume, VolumeProjection } from "../../../protocol/kubernetes/generated/types.ts";
import { configMapData, secretData, type PodObjects } from "../env/environment.ts";
import { fieldValue, resourceValue, type FieldContext } from "../env/references.ts";

export interface ProjectedFile {
  content: Buffer;
  mode: number;
}

export interface ProjectionInput {
  pod: Pod;
  objects: PodObjects;
  context: FieldContext;
  /** Of the volume's token sources, by path; one that is missing cannot be had now. */
  tokens?: ReadonlyMap<string, string>;
}

/** The volume cannot be set up as things stand; its words are the kubelet's and end up in a FailedMount event. */
export class VolumeError extends Error {
  override readonly name = "VolumeError";
}

const defaultFileMode = 0o644;

/** Files by relative path; undefined: the volume is of another kind. */
export function projectedFiles(volume: Volume, input: ProjectionInput): Map<string, ProjectedFile> | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) return project([{ configMap }], { ...input, mode: configMap.defaultMode });
  if (secret !== undefined) return project([{ secret: { ...secret, name: secret.secretName } }], { ...input, mode: secret.defaultMode });
  if (downwardAPI !== undefined) return project([{ downwardAPI }], { ...input, mode: downwardAPI.defaultMode });
  if (projected !== undefined) return project(projected.sources ?? [], { ...input, mode: projected.defaultMode });
  return undefined;
}

/** True if a volume's files tell secrets and belong into memory. */
export function isSecret(volume: Volume): boolean {
  return volume.secret !== undefined || (volume.projected?.sources ?? []).some(({ secret, serviceAccountToken }) => (secret ?? serviceAccountToken) !== undefined);
}

type Sources = VolumeProjection & { secret?: { name?: string; items?: KeyToPath[]; optional?: boolean } };

function project(sources: readonly Sources[], input: ProjectionInput & { mode: number | undefined }): Map<string, ProjectedFile> {
  const mode = input.mode ?? defaultFileMode;
  return new Map(sources.flatMap((source) => [...sourceFiles(source, { ...input, mode })]));
}

function sourceFiles(source: Sources, input: ProjectionInput & { mode: number }): [string, ProjectedFile][] {
  const namespace = input.pod.metadata?.namespace ?? "default";
  if (source.configMap !== undefined) {
    const { name = "", items, optional } = source.configMap;
    const object = input.objects.configMap(namespace, name);
    return keyFiles(dataOf(object, { kind: "configmap", name, optional }), { kind: "configmap", items, optional, mode: input.mode });
  }
  if (source.secret !== undefined) {
    const { name = "", items, optional } = source.secret;
    const object = input.objects.secret(namespace, name);
    return keyFiles(dataOf(object, { kind: "secret", name, optional }), { kind: "secret", items, optional, mode: input.mode });
  }
  if (source.downwardAPI !== undefined) return (source.downwardAPI.items ?? []).map((item) => downwardFile(item, input));
  if (source.serviceAccountToken !== undefined) return tokenFile(source.serviceAccountToken.path, input);
  const kind = Object.keys(source)[0] ?? "empty";
  throw new VolumeError(`projected volumes with a source of kind ${kind} are not supported`);
}

/** Where a pod's processes share a group, only they read the token. */
function tokenFile(path: string, { tokens, pod, mode }: ProjectionInput & { mode: number }): [string, ProjectedFile][] {
  const token = tokens?.get(path);
  const isShared = pod.spec?.securityContext?.fsGroup !== undefined;
  return token === undefined ? [] : [[checkedPath(path), { content: Buffer.from(token), mode: isShared ? 0o600 : mode }]];
}

interface Named {
  kind: "configmap" | "secret";
  name: string;
  optional: boolean | undefined;
}

function dataOf(object: ConfigMap | Secret | undefined, { kind, name, optional }: Named): Map<string, Buffer> {
  if (object !== undefined) return kind === "configmap" ? configMapData(object) : secretData(object);
  if (optional === true) return new Map();
  throw new VolumeError(`${kind} "${name}" not found`);
}

interface Keys {
  kind: "configmap" | "secret";
  items: KeyToPath[] | undefined;
  optional: boolean | undefined;
  mode: number;
}

function keyFiles(data: Map<string, Buffer>, { kind, items, optional, mode }: Keys): [string, ProjectedFile][] {
  if (items === undefined) return [...data].map(([key, content]) => [checkedPath(key), { content, mode }]);
  return items.flatMap((item): [string, ProjectedFile][] => {
    const content = data.get(item.key);
    if (content !== undefined) return [[checkedPath(item.path), { content, mode: item.mode ?? mode }]];
    if (optional === true) return [];
    throw new VolumeError(kind === "configmap" ? `configmap references non-existent config key: ${item.key}` : `references non-existent secret key: ${item.key}`);
  });
}

function downwardFile(item: DownwardAPIVolumeFile, input: ProjectionInput & { mode: number }): [string, ProjectedFile] {
  const value = item.fieldRef === undefined ? resourceText(item, input) : fieldValue(input.pod, item.fieldRef.fieldPath, input.context);
  if (value === undefined) throw new VolumeError(`unsupported reference for the file ${item.path}`);
  return [checkedPath(item.path), { content: Buffer.from(value), mode: item.mode ?? input.mode }];
}

function resourceText({ resourceFieldRef }: DownwardAPIVolumeFile, { pod, context }: ProjectionInput): string | undefined {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const container = containers.find(({ name }) => name === resourceFieldRef?.containerName);
  return resourceFieldRef && container && resourceValue(container, resourceFieldRef, context.allocatable);
}

/** The API refuses such paths, but a file outside of its volume must not depend on that. */
function checkedPath(path: string): string {
  const parts = path.split("/");
  if (path.startsWith("/") || parts.includes("..") || parts[0]?.startsWith("..") === true) throw new VolumeError(`invalid path: ${path}`);
  return path;
}
