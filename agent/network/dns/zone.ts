/** The cluster's DNS names, computed from Services and EndpointSlices; pure. */
import type { Endpoint, EndpointSlice, Service } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { isIpv4 } from "../ipv4.ts";
import { slicesByService } from "../services.ts";

export interface SrvTarget {
  port: number;
  target: string;
}

/** What one name holds. A name without records of the asked type answers NODATA, a name that is not here NXDOMAIN. */
export interface Records {
  a: string[];
  srv: SrvTarget[];
  cname?: string;
}

export interface Zone {
  /** Lower case, without the last dot; parents of names are here too, empty. */
  names: ReadonlyMap<string, Records>;
  /** `4.3.2.1.in-addr.arpa` → names */
  pointers: ReadonlyMap<string, string[]>;
}

interface Draft {
  names: Map<string, Records>;
  pointers: Map<string, string[]>;
}

/**
 * Kubernetes' DNS specification 1.1.0: cluster IP Services (A, SRV, PTR), headless Services (A of every ready endpoint,
 * a name for each endpoint with a hostname, SRV to those), external-name Services (CNAME).
 */
export function zoneOf(
  services: ReadonlyMap<string, Stored<Service>>,
  slices: ReadonlyMap<string, Stored<EndpointSlice>>,
  domain: string,
): Zone {
  const draft: Draft = { names: new Map(), pointers: new Map() };
  recordsAt(draft, `dns-version.${domain}`);
  const byService = slicesByService(slices);
  for (const service of services.values()) {
    const { namespace, name } = service.metadata;
    const host = `${name}.${namespace}.svc.${domain}`;
    const own = (byService.get(`${namespace}/${name}`) ?? []).filter((slice) => slice.addressType === "IPv4");
    if (service.spec?.type === "ExternalName") recordsAt(draft, host).cname = trimDot(service.spec.externalName ?? "");
    else if (service.spec?.clusterIP === "None") addHeadless(draft, host, own, service);
    else if (isIpv4(service.spec?.clusterIP ?? "")) addClusterIp(draft, host, service);
  }
  addParents(draft, domain);
  return draft;
}

function addClusterIp(draft: Draft, host: string, service: Stored<Service>): void {
  const clusterIp = service.spec?.clusterIP ?? "";
  recordsAt(draft, host).a.push(clusterIp);
  addPointer(draft, clusterIp, host);
  for (const port of service.spec?.ports ?? []) {
    if (port.name) addSrv(draft, srvName(port.name, port.protocol, host), { port: port.port, target: host });
  }
}

function addHeadless(draft: Draft, host: string, slices: readonly Stored<EndpointSlice>[], service: Stored<Service>): void {
  const serviceRecords = recordsAt(draft, host);
  for (const slice of slices) {
    for (const endpoint of slice.endpoints ?? []) {
      if (!isPublished(endpoint, service)) continue;
      for (const ip of endpoint.addresses.filter(isIpv4)) {
        const own = `${(endpoint.hostname ?? ip.replaceAll(".", "-")).toLowerCase()}.${host}`;
        addOnce(serviceRecords.a, ip);
        addOnce(recordsAt(draft, own).a, ip);
        // An address has a pointer to the pod's own name only where the pod chose one.
        if (endpoint.hostname) addPointer(draft, ip, own);
        for (const port of slice.ports ?? []) {
          if (port.name && port.port) addSrv(draft, srvName(port.name, port.protocol, host), { port: port.port, target: own });
        }
      }
    }
  }
}

/** The slice says ready for every endpoint of a Service that publishes them unready; asked again for older slices. */
function isPublished(endpoint: Endpoint, service: Stored<Service>): boolean {
  return endpoint.conditions?.ready !== false || service.spec?.publishNotReadyAddresses === true;
}

function srvName(port: string, protocol: string | undefined, host: string): string {
  return `_${port}._${(protocol ?? "TCP").toLowerCase()}.${host}`;
}

function addSrv(draft: Draft, name: string, target: SrvTarget): void {
  const { srv } = recordsAt(draft, name);
  if (!srv.some((one) => one.port === target.port && one.target === target.target)) srv.push(target);
}

function addPointer(draft: Draft, ip: string, name: string): void {
  const pointer = `${ip.split(".").reverse().join(".")}.in-addr.arpa`;
  const names = draft.pointers.get(pointer) ?? [];
  addOnce(names, name);
  draft.pointers.set(pointer, names);
}

/** `ns.svc.domain` exists if something below it does: resolvers take NXDOMAIN for "nothing below either" (RFC 8020). */
function addParents(draft: Draft, domain: string): void {
  recordsAt(draft, domain);
  for (const name of [...draft.names.keys()]) {
    let parent = name;
    while (parent !== domain && parent.includes(".")) {
      parent = parent.slice(parent.indexOf(".") + 1);
      recordsAt(draft, parent);
    }
  }
}

function recordsAt(draft: Draft, name: string): Records {
  const key = name.toLowerCase();
  const found = draft.names.get(key);
  if (found) return found;
  const records: Records = { a: [], srv: [] };
  draft.names.set(key, records);
  return records;
}

function addOnce(list: string[], text: string): void {
  if (!list.includes(text)) list.push(text);
}

export function trimDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}
