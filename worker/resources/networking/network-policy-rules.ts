/** Rules of NetworkPolicies (pkg/apis/networking/validation). */
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../../../protocol/kubernetes/generated/types.ts";
import { labelSelectorErrors } from "../label-selector.ts";
import type { FieldError } from "../resource.ts";
import { cidrError, isStrictPart, parseCidr } from "../rules/addresses.ts";
import { forbidden, invalid, invalidFor, notSupported, required } from "../rules/field-errors.ts";
import { portNumberErrors } from "../rules/names.ts";
import { portErrors, protocols } from "../rules/port-rules.ts";

const policyTypes = ["Egress", "Ingress"];

export function networkPolicyErrors({ spec = {} }: NetworkPolicy): FieldError[] {
  const { policyTypes: types = [], ingress = [], egress = [] } = spec;
  return [
    ...labelSelectorErrors("spec.podSelector", spec.podSelector),
    ...ingress.flatMap(({ ports = [], from = [] }, at) => ruleErrors(`spec.ingress[${at}]`, ports, { name: "from", list: from })),
    ...egress.flatMap(({ ports = [], to = [] }, at) => ruleErrors(`spec.egress[${at}]`, ports, { name: "to", list: to })),
    ...(types.length > policyTypes.length
      ? [invalid("spec.policyTypes", types, "may not specify more than two policyTypes")]
      : types.flatMap((type, at) => (policyTypes.includes(type) ? [] : [notSupported(`spec.policyTypes[${at}]`, type, policyTypes)]))),
  ];
}

function ruleErrors(path: string, ports: NetworkPolicyPort[], peers: { name: string; list: NetworkPolicyPeer[] }): FieldError[] {
  return [
    ...ports.flatMap((port, at) => policyPortErrors(`${path}.ports[${at}]`, port)),
    ...peers.list.flatMap((peer, at) => peerErrors(`${path}.${peers.name}[${at}]`, peer)),
  ];
}

function policyPortErrors(path: string, { protocol, port, endPort }: NetworkPolicyPort): FieldError[] {
  const errors = protocol !== undefined && !protocols.includes(protocol) ? [notSupported(`${path}.protocol`, protocol, protocols)] : [];
  if (port !== undefined) errors.push(...portErrors(`${path}.port`, port));
  return endPort === undefined ? errors : [...errors, ...endPortErrors(`${path}.endPort`, endPort, port)];
}

function endPortErrors(path: string, endPort: number, port: NetworkPolicyPort["port"]): FieldError[] {
  if (port === undefined) return [forbidden(path, "may not be specified when `port` is not specified")];
  if (typeof port === "string") return [forbidden(path, "may not be specified when `port` is non-numeric")];
  const errors = endPort < port ? [invalid(path, endPort, "must be greater than or equal to `port`")] : [];
  return [...errors, ...invalidFor(path, endPort, portNumberErrors(endPort))];
}

function peerErrors(path: string, { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer): FieldError[] {
  const errors = [
    ...labelSelectorErrors(`${path}.podSelector`, podSelector),
    ...labelSelectorErrors(`${path}.namespaceSelector`, namespaceSelector),
    ...(ipBlock === undefined ? [] : blockErrors(`${path}.ipBlock`, ipBlock)),
  ];
  const isSelecting = podSelector !== undefined || namespaceSelector !== undefined;
  if (!isSelecting && ipBlock === undefined) return [...errors, required(path, "must specify a peer")];
  return isSelecting && ipBlock !== undefined ? [...errors, forbidden(path, "may not specify both ipBlock and another peer")] : errors;
}

function blockErrors(path: string, { cidr, except = [] }: IPBlock): FieldError[] {
  if (cidr === "") return [required(`${path}.cidr`)];
  const block = parseCidr(cidr);
  if (block === undefined) return [invalid(`${path}.cidr`, cidr, cidrError)];
  return except.flatMap((text, at) => {
    const part = parseCidr(text);
    if (part === undefined) return [invalid(`${path}.except[${at}]`, text, cidrError)];
    return isStrictPart(part, block) ? [] : [invalid(`${path}.except[${at}]`, text, "must be a strict subset of `cidr`")];
  });
}
