/** A container's environment: service links, then `envFrom`, then `env`, each overriding those before it. */
import type { ConfigMap, Container, EnvFromSource, EnvVar, EnvVarSource, Pod, Secret, Service } from "../../../protocol/kubernetes/generated/types.ts";
import { expand } from "./expand.ts";
import { fieldValue, resourceValue, type FieldContext } from "./references.ts";
import { serviceEnv } from "./service-env.ts";

/** The objects of the cluster that a pod may name; undefined if they are not there (yet). */
export interface PodObjects {
  configMap(namespace: string, name: string): ConfigMap | undefined;
  secret(namespace: string, name: string): Secret | undefined;
  services(): Iterable<Service>;
}

export interface EnvironmentInput {
  pod: Pod;
  container: Container;
  objects: PodObjects;
  context: FieldContext;
}

/** The container cannot be made as its spec stands: the kubelet's `CreateContainerConfigError`. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** @throws ConfigError if a variable's source is missing and not optional. */
export function environmentOf(input: EnvironmentInput): Map<string, string> {
  const { pod, container, objects } = input;
  const namespace = pod.metadata?.namespace ?? "default";
  const services = serviceEnv(objects.services(), { namespace, enableServiceLinks: pod.spec?.enableServiceLinks ?? true });
  const given = new Map<string, string>();
  for (const source of container.envFrom ?? []) addFrom(input, source, given);
  for (const variable of container.env ?? []) {
    const lookup = (name: string): string | undefined => given.get(name) ?? services.get(name);
    const value = valueOf(input, variable, lookup);
    if (value !== undefined) given.set(variable.name, value);
  }
  const result = new Map(given);
  for (const [name, value] of services) if (!result.has(name)) result.set(name, value);
  return result;
}

function valueOf(input: EnvironmentInput, variable: EnvVar, lookup: (name: string) => string | undefined): string | undefined {
  if (variable.valueFrom === undefined) return expand(variable.value ?? "", lookup);
  return sourceValue(input, variable.valueFrom);
}

function sourceValue(input: EnvironmentInput, source: EnvVarSource): string | undefined {
  const { pod, container, context } = input;
  if (source.fieldRef !== undefined) {
    const { fieldPath } = source.fieldRef;
    const value = fieldValue(pod, fieldPath, context);
    if (value === undefined) throw new ConfigError(`unsupported fieldPath: ${fieldPath}`);
    return value;
  }
  if (source.resourceFieldRef !== undefined) return resourceOf(input, source.resourceFieldRef);
  if (source.configMapKeyRef !== undefined) return keyOf(input, "configmap", source.configMapKeyRef);
  if (source.secretKeyRef !== undefined) return keyOf(input, "secret", source.secretKeyRef);
  throw new ConfigError(`the source of a variable of container ${container.name} is not supported`);
}

function resourceOf({ pod, container, context }: EnvironmentInput, selector: NonNullable<EnvVarSource["resourceFieldRef"]>): string {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const target = selector.containerName === undefined ? container : all.find(({ name }) => name === selector.containerName);
  const value = target && resourceValue(target, selector, context.allocatable);
  if (value === undefined) throw new ConfigError(`unsupported container resource: ${selector.resource}`);
  return value;
}

type Source = "configmap" | "secret";

function keyOf(input: EnvironmentInput, kind: Source, reference: { name?: string; key: string; optional?: boolean }): string | undefined {
  const name = reference.name ?? "";
  const data = dataOf(input, kind, { name, isOptional: reference.optional === true });
  const value = data?.get(reference.key);
  if (value !== undefined || reference.optional === true) return value?.toString("utf8");
  const namespace = input.pod.metadata?.namespace ?? "";
  const title = kind === "configmap" ? "ConfigMap" : "Secret";
  throw new ConfigError(`couldn't find key ${reference.key} in ${title} ${namespace}/${name}`);
}

function addFrom(input: EnvironmentInput, source: EnvFromSource, env: Map<string, string>): void {
  const reference = source.configMapRef ?? source.secretRef;
  if (reference === undefined) return;
  const kind = source.configMapRef === undefined ? "secret" : "configmap";
  const data = dataOf(input, kind, { name: reference.name ?? "", isOptional: reference.optional === true });
  for (const [key, value] of data ?? []) env.set(`${source.prefix ?? ""}${key}`, value.toString("utf8"));
}

function dataOf({ pod, objects }: EnvironmentInput, kind: Source, { name, isOptional }: { name: string; isOptional: boolean }): Map<string, Buffer> | undefined {
  const namespace = pod.metadata?.namespace ?? "default";
  const object = kind === "configmap" ? objects.configMap(namespace, name) : objects.secret(namespace, name);
  if (object !== undefined) return kind === "configmap" ? configMapData(object) : secretData(object);
  if (isOptional) return undefined;
  throw new ConfigError(`${kind} "${name}" not found`);
}

/** Keys and contents; text and binary keys together. */
export function configMapData(configMap: ConfigMap): Map<string, Buffer> {
  const text = Object.entries(configMap.data ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value)]);
  const binary = Object.entries(configMap.binaryData ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value, "base64")]);
  return new Map([...text, ...binary].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export function secretData(secret: Secret): Map<string, Buffer> {
  const entries = Object.entries(secret.data ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value, "base64")]);
  return new Map(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
