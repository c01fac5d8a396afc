/** Rules of Services (pkg/apis/core/validation: ValidateService). */
import type { Service, ServicePort } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { duplicate, duplicatesAt, forbidden, invalid, invalidFor, notSupported, oneOf, required } from "../rules/field-errors.ts";
import { labelErrors } from "../label-selector.ts";
import { specialIpErrors } from "../rules/addresses.ts";
import { dns1035LabelErrors, dns1123LabelErrors, dns1123SubdomainErrors, ipError, isIpAddress, portNumberErrors } from "../rules/names.ts";
import { portErrors, protocols } from "../rules/port-rules.ts";
import type { FieldError } from "../resource.ts";

type Spec = NonNullable<Service["spec"]>;

const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

export function serviceErrors({ metadata, spec }: Service): FieldError[] {
  const name = metadata?.name ?? "";
  const errors = name === "" ? [] : invalidFor("metadata.name", name, dns1035LabelErrors(name));
  if (spec === undefined) return [...errors, required("spec")];
  return [
    ...errors,
    ...typeErrors(spec),
    ...portsErrors(spec),
    ...labelErrors("spec.selector", spec.selector),
    ...affinityErrors(spec),
    ...addressErrors(spec),
    ...policyErrors(spec),
  ];
}

function typeErrors(spec: Spec): FieldError[] {
  if (spec.type !== "ExternalName") return oneOf("spec.type", spec.type, types);
  const target = (spec.externalName ?? "").replace(/\.$/, "");
  const errors = target === "" ? [required("spec.externalName")] : invalidFor("spec.externalName", target, dns1123SubdomainErrors(target));
  if (spec.clusterIP) errors.push(forbidden("spec.clusterIPs", "may not be set for ExternalName services"));
  return errors;
}

const isHeadless = ({ clusterIP }: Spec): boolean => clusterIP === "None";

function portsErrors(spec: Spec): FieldError[] {
  const ports = spec.ports ?? [];
  if (ports.length === 0 && !isHeadless(spec) && spec.type !== "ExternalName") return [required("spec.ports")];
  const seen = new Set<string>();
  return ports
    .flatMap((port, at) => {
      const id = `${port.protocol}/${port.port}`;
      const repeated = seen.has(id) ? [duplicate(`spec.ports[${at}]`, { protocol: port.protocol, port: port.port })] : [];
      seen.add(id);
      return [...onePortErrors(`spec.ports[${at}]`, port, { spec, needsName: ports.length > 1 }), ...repeated];
    })
    .concat(duplicatesAt(ports, ({ name }) => name, (at) => `spec.ports[${at}].name`), nodePortTwice(ports));
}

function onePortErrors(path: string, port: ServicePort, { spec, needsName }: { spec: Spec; needsName: boolean }): FieldError[] {
  const errors: FieldError[] = [];
  if (port.name) errors.push(...invalidFor(`${path}.name`, port.name, dns1123LabelErrors(port.name)));
  else if (needsName) errors.push(required(`${path}.name`));
  errors.push(...invalidFor(`${path}.port`, port.port, portNumberErrors(port.port)));
  errors.push(...oneOf(`${path}.protocol`, port.protocol, protocols), ...portErrors(`${path}.targetPort`, port.targetPort));
  return port.nodePort ? [...errors, ...nodePortErrors(`${path}.nodePort`, port.nodePort, spec)] : errors;
}

function nodePortErrors(path: string, nodePort: number, { type = "" }: Spec): FieldError[] {
  if (type === "ClusterIP" || type === "ExternalName") return [forbidden(path, `may not be used when \`type\` is '${type}'`)];
  if (nodePort >= 30000 && nodePort <= 32767) return [];
  return [invalid(path, nodePort, "provided port is not in the valid range. The range of valid ports is 30000-32767")];
}

/** Two ports of one protocol cannot share a port of the node. */
function nodePortTwice(ports: ServicePort[]): FieldError[] {
  const idOf = ({ nodePort, protocol }: ServicePort): string | undefined => (nodePort ? `${protocol}/${nodePort}` : undefined);
  return duplicatesAt(ports, idOf, (at) => `spec.ports[${at}].nodePort`);
}

function affinityErrors({ sessionAffinity, sessionAffinityConfig }: Spec): FieldError[] {
  const errors = oneOf("spec.sessionAffinity", sessionAffinity, ["ClientIP", "None"]);
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (sessionAffinity !== "ClientIP" || seconds === undefined || (seconds > 0 && seconds <= 86400)) return errors;
  return [...errors, invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, "must be greater than 0 and less than 86400")];
}

function addressErrors(spec: Spec): FieldError[] {
  const { clusterIP = "", clusterIPs = [], type, externalIPs = [] } = spec;
  const errors: FieldError[] = [];
  if (isHeadless(spec) && (type === "NodePort" || type === "LoadBalancer")) {
    errors.push(invalid("spec.clusterIPs[0]", clusterIP, `may not be set to 'None' for ${type} services`));
  }
  if (clusterIP !== "" && clusterIP !== "None" && !isIpAddress(clusterIP)) {
    errors.push(invalid("spec.clusterIPs[0]", clusterIP, ipError));
  }
  if (clusterIPs.length > 0 && clusterIPs[0] !== clusterIP) {
    errors.push(invalid("spec.clusterIPs", clusterIPs, "first value must match `clusterIP`"));
  }
  return [...errors, ...externalIPs.flatMap((ip, at) => invalidFor(`spec.externalIPs[${at}]`, ip, isIpAddress(ip) ? specialIpErrors(ip) : [ipError]))];
}

const policies = ["Cluster", "Local"];

function policyErrors({ internalTrafficPolicy: internal, externalTrafficPolicy: external, type }: Spec): FieldError[] {
  const errors: FieldError[] = [];
  if (internal !== undefined && !policies.includes(internal)) errors.push(notSupported("spec.internalTrafficPolicy", internal, policies));
  if (external === undefined) return errors;
  if (type === "ClusterIP" || type === "ExternalName") {
    errors.push(invalid("spec.externalTrafficPolicy", external, "may only be set for externally-accessible services"));
  } else if (!policies.includes(external)) errors.push(notSupported("spec.externalTrafficPolicy", external, policies));
  return errors;
}

/** The address stays for life, except through ExternalName. */
export function serviceUpdateErrors({ spec }: Service, previous: Stored<Service>): FieldError[] {
  const before = previous.spec;
  if (spec?.type === "ExternalName" || before?.type === "ExternalName") return [];
  if (!before?.clusterIP || before.clusterIP === spec?.clusterIP) return [];
  return [invalid("spec.clusterIPs[0]", spec?.clusterIPs ?? [], "may not change once set")];
}

/** A client that names only one of `clusterIP` and `clusterIPs` means both. Mutates. */
export function alignAddresses({ spec }: Service, previous: Stored<Service>): void {
  if (spec?.clusterIP === undefined || spec.clusterIP === "") return;
  const isOld = spec.clusterIPs?.[0] === previous.spec?.clusterIPs?.[0];
  if (spec.clusterIP !== previous.spec?.clusterIP && isOld) spec.clusterIPs = [spec.clusterIP, ...(spec.clusterIPs ?? []).slice(1)];
}

const isExternal = (spec: Spec): boolean => spec.type === "NodePort" || spec.type === "LoadBalancer";

/** Another type loses what only the old one had, unless the client says it anew. Mutates. */
export function dropFieldsOfType({ spec: next }: Service, { spec: before }: Stored<Service>): void {
  if (next === undefined || before === undefined || next.type === before.type) return;
  if (!isExternal(next) && next.externalTrafficPolicy === before.externalTrafficPolicy) delete next.externalTrafficPolicy;
  if (next.type !== "LoadBalancer" && next.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts) {
    delete next.allocateLoadBalancerNodePorts;
  }
  if (next.type === "ExternalName" && next.internalTrafficPolicy === before.internalTrafficPolicy) delete next.internalTrafficPolicy;
}
