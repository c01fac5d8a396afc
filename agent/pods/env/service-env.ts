/**
 * The variables that name services to containers (`REDIS_SERVICE_HOST`, `REDIS_PORT_6379_TCP_ADDR`, …), as the kubelet
 * sets them: all services of the pod's namespace if it enables service links, and the API's own always.
 */
import type { Service } from "../../../protocol/kubernetes/generated/types.ts";

export function serviceEnv(services: Iterable<Service>, options: { namespace: string; enableServiceLinks: boolean }): Map<string, string> {
  const env = new Map<string, string>();
  for (const service of services) {
    const { name, namespace } = service.metadata ?? {};
    const isApi = name === "kubernetes" && namespace === "default";
    const isLinked = options.enableServiceLinks && namespace === options.namespace;
    if (isApi || isLinked) addService(env, service);
  }
  return env;
}

function addService(env: Map<string, string>, { metadata, spec }: Service): void {
  const host = spec?.clusterIP;
  const [first] = spec?.ports ?? [];
  if (host === undefined || host === "" || host === "None" || first === undefined) return;
  const prefix = variableName(metadata?.name ?? "");
  const address = host.includes(":") ? `[${host}]` : host;
  env.set(`${prefix}_SERVICE_HOST`, host);
  env.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const { name, port } of spec?.ports ?? []) {
    if (name !== undefined && name !== "") env.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port));
  }
  for (const [index, { protocol = "TCP", port }] of (spec?.ports ?? []).entries()) {
    const url = `${protocol.toLowerCase()}://${address}:${port}`;
    const portPrefix = `${prefix}_PORT_${port}_${protocol}`;
    if (index === 0) env.set(`${prefix}_PORT`, url);
    env.set(portPrefix, url);
    env.set(`${portPrefix}_PROTO`, protocol.toLowerCase());
    env.set(`${portPrefix}_PORT`, String(port));
    env.set(`${portPrefix}_ADDR`, host);
  }
}

const variableName = (name: string): string => name.toUpperCase().replaceAll("-", "_");
