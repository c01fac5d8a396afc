/** Rules of Endpoints and EndpointSlices. */
import type { Endpoints, EndpointSlice } from "../../../protocol/kubernetes/generated/types.ts";
import { duplicatesAt, invalid, invalidFor, notSupported, oneOf, required, tooMany } from "../rules/field-errors.ts";
import { specialIpErrors } from "../rules/addresses.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors, ipError, isIpAddress, portNumberErrors } from "../rules/names.ts";
import { protocols } from "../rules/port-rules.ts";
import type { FieldError } from "../resource.ts";

const addressTypes = ["FQDN", "IPv4", "IPv6"];
const addressLimit = 100;
const endpointLimit = 1000;

export function endpointSliceErrors({ addressType, endpoints, ports = [] }: EndpointSlice): FieldError[] {
  const errors: FieldError[] = [];
  if (addressType === "") errors.push(required("addressType"));
  else if (!addressTypes.includes(addressType)) errors.push(notSupported("addressType", addressType, addressTypes));
  const list = endpoints ?? [];
  if (list.length > endpointLimit) errors.push(tooMany("endpoints", list.length, endpointLimit));
  for (const [at, { addresses }] of list.entries()) errors.push(...addressesErrors(`endpoints[${at}].addresses`, addresses ?? [], addressType));
  return [...errors, ...duplicatesAt(ports, ({ name }) => name, (at) => `ports[${at}].name`), ...portsErrors("ports", ports)];
}

function addressesErrors(path: string, addresses: string[], type: string): FieldError[] {
  if (addresses.length === 0) return [required(path, "must contain at least 1 address")];
  if (addresses.length > addressLimit) return [tooMany(path, addresses.length, addressLimit)];
  return addresses.flatMap((address, at) => {
    if (type === "FQDN") return invalidFor(`${path}[${at}]`, address, dns1123SubdomainErrors(address));
    const isOfType = isIpAddress(address) && address.includes(":") === (type === "IPv6");
    return isOfType ? invalidFor(`${path}[${at}]`, address, specialIpErrors(address)) : [invalid(`${path}[${at}]`, address, ipOf(type))];
  });
}

const ipOf = (type: string): string => (type === "IPv4" ? "must be an IPv4 address" : type === "IPv6" ? "must be an IPv6 address" : ipError);

function portsErrors(path: string, ports: { name?: string; port?: number; protocol?: string }[]): FieldError[] {
  return ports.flatMap(({ name, port, protocol }, at) => [
    ...(name ? invalidFor(`${path}[${at}].name`, name, dns1123LabelErrors(name)) : []),
    ...(port === undefined ? [] : invalidFor(`${path}[${at}].port`, port, portNumberErrors(port))),
    ...oneOf(`${path}[${at}].protocol`, protocol, protocols),
  ]);
}

export function endpointsErrors({ subsets = [] }: Endpoints): FieldError[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, at) => {
    const path = `subsets[${at}]`;
    const isEmpty = addresses.length === 0 && notReadyAddresses.length === 0;
    const ips = [["addresses", addresses], ["notReadyAddresses", notReadyAddresses]] as const;
    return [
      ...(isEmpty ? [required(path, "must specify `addresses` or `notReadyAddresses`")] : []),
      ...ips.flatMap(([field, list]) =>
        list.flatMap(({ ip }, index) => invalidFor(`${path}.${field}[${index}].ip`, ip, isIpAddress(ip) ? specialIpErrors(ip) : [ipError])),
      ),
      ...portsErrors(`${path}.ports`, ports),
    ];
  });
}
