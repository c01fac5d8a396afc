/** Rules of Ingresses and their classes (pkg/apis/networking/validation). */
import type { HTTPIngressPath, Ingress, IngressBackend, IngressClass, IngressRule } from "../../../protocol/kubernetes/generated/types.ts";
import type { FieldError } from "../resource.ts";
import { forbidden, invalid, invalidFor, notSupported, oneOf, required, tooLong } from "../rules/field-errors.ts";
import { dns1035LabelErrors, dns1123SubdomainErrors, isIpAddress, portNameErrors, portNumberErrors, wildcardSubdomainErrors } from "../rules/names.ts";

export function ingressErrors({ spec = {} }: Ingress): FieldError[] {
  const { defaultBackend, rules = [], tls = [], ingressClassName } = spec;
  if (rules.length === 0 && defaultBackend === undefined) {
    return [invalid("spec", rules, "either `defaultBackend` or `rules` must be specified")];
  }
  return [
    ...(defaultBackend === undefined ? [] : backendErrors("spec.defaultBackend", defaultBackend)),
    ...rules.flatMap((rule, at) => ruleErrors(`spec.rules[${at}]`, rule)),
    ...tls.flatMap(({ hosts = [], secretName = "" }, at) => [
      ...hosts.flatMap((host, index) => invalidFor(`spec.tls[${at}].hosts[${index}]`, host, hostErrors(host))),
      ...(secretName === "" ? [] : invalidFor(`spec.tls[${at}].secretName`, secretName, dns1123SubdomainErrors(secretName))),
    ]),
    ...(ingressClassName === undefined ? [] : invalidFor("spec.ingressClassName", ingressClassName, dns1123SubdomainErrors(ingressClassName))),
  ];
}

const classAnnotation = "kubernetes.io/ingress.class";

/** Of a new one: the annotation is older than the field, and only one of them counts. */
export function ingressCreateErrors({ metadata, spec }: Ingress): FieldError[] {
  const value = metadata?.annotations?.[classAnnotation];
  if (value === undefined || spec?.ingressClassName === undefined) return [];
  return [invalid(`metadata.annotations[${classAnnotation}]`, value, "can not be set when the class field is also set")];
}

const hostErrors = (host: string): string[] => (host.includes("*") ? wildcardSubdomainErrors(host) : dns1123SubdomainErrors(host));

function ruleErrors(path: string, { host = "", http }: IngressRule): FieldError[] {
  const errors = host === "" ? [] : ruleHostErrors(`${path}.host`, host);
  if (http === undefined) return errors;
  const paths = http.paths ?? []; // required by the type, absent in what is still to be validated
  if (paths.length === 0) return [...errors, required(`${path}.http.paths`)];
  return [...errors, ...paths.flatMap((one, at) => pathErrors(`${path}.http.paths[${at}]`, one))];
}

function ruleHostErrors(path: string, host: string): FieldError[] {
  if (isIpAddress(host)) return [invalid(path, host, "must be a DNS name, not an IP address")];
  return invalidFor(path, host, hostErrors(host));
}

const pathTypes = ["Exact", "ImplementationSpecific", "Prefix"];
const invalidSequences = ["//", "/./", "/../", "%2f", "%2F"];
const invalidSuffixes = ["/..", "/."];

function pathErrors(place: string, { path = "", pathType, backend }: HTTPIngressPath): FieldError[] {
  const backendProblems = backendErrors(`${place}.backend`, backend ?? {});
  if (!pathType) return [required(`${place}.pathType`, "pathType must be specified"), ...backendProblems];
  if (!pathTypes.includes(pathType)) return [notSupported(`${place}.pathType`, pathType, pathTypes), ...backendProblems];
  const isFree = pathType === "ImplementationSpecific";
  const errors: FieldError[] = [];
  if (!path.startsWith("/") && !(isFree && path === "")) errors.push(invalid(`${place}.path`, path, "must be an absolute path"));
  if (!isFree && path !== "") {
    const sequences = invalidSequences.filter((text) => path.includes(text)).map((text) => `must not contain '${text}'`);
    const suffixes = invalidSuffixes.filter((text) => path.endsWith(text)).map((text) => `cannot end with '${text}'`);
    errors.push(...invalidFor(`${place}.path`, path, [...sequences, ...suffixes]));
  }
  return [...errors, ...backendProblems];
}

function backendErrors(path: string, { service, resource }: IngressBackend): FieldError[] {
  if (service !== undefined && resource !== undefined) return [invalid(path, "", "cannot set both resource and service backends")];
  if (resource !== undefined) return resourceErrors(`${path}.resource`, resource);
  if (service === undefined) return [invalid(path, "", "resource or service backend is required")];
  const { name, port: { name: portName = "", number = 0 } = {} } = service;
  const errors = name === "" ? [required(`${path}.service.name`)] : invalidFor(`${path}.service.name`, name, dns1035LabelErrors(name));
  if (portName !== "" && number !== 0) return [...errors, invalid(path, "", "cannot set both port name & port number")];
  if (portName !== "") return [...errors, ...invalidFor(`${path}.service.port.name`, portName, portNameErrors(portName))];
  if (number !== 0) return [...errors, ...invalidFor(`${path}.service.port.number`, number, portNumberErrors(number))];
  return [...errors, required(path, "port name or number is required")];
}

function resourceErrors(path: string, { apiGroup, kind, name }: NonNullable<IngressBackend["resource"]>): FieldError[] {
  return [
    ...(apiGroup === undefined ? [required(`${path}.apiGroup`)] : invalidFor(`${path}.apiGroup`, apiGroup, dns1123SubdomainErrors(apiGroup))),
    ...(kind ? [] : [required(`${path}.kind`)]),
    ...(name ? [] : [required(`${path}.name`)]),
  ];
}

const controllerLimit = 250;

export function ingressClassErrors({ spec = {} }: IngressClass): FieldError[] {
  const { controller = "", parameters } = spec;
  return [
    ...(controller.length > controllerLimit ? [tooLong("spec.controller", controllerLimit)] : []),
    ...domainPathErrors("spec.controller", controller),
    ...(parameters === undefined ? [] : parametersErrors("spec.parameters", parameters)),
  ];
}

/** `example.com/controller` */
function domainPathErrors(path: string, value: string): FieldError[] {
  if (value === "") return [required(path)];
  const slash = value.indexOf("/");
  const [domain, rest] = [value.slice(0, Math.max(slash, 0)), value.slice(slash + 1)];
  if (slash <= 0 || rest === "") return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  const errors = invalidFor(path, domain, dns1123SubdomainErrors(domain));
  const pattern = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
  if (new RegExp(`^${pattern}$`).test(rest)) return errors;
  return [...errors, invalid(path, rest, `Invalid path (regex used for validation is '${pattern}')`)];
}

type Parameters = NonNullable<NonNullable<IngressClass["spec"]>["parameters"]>;

function parametersErrors(path: string, { apiGroup, kind, name, scope, namespace }: Parameters): FieldError[] {
  const errors = [
    ...(apiGroup === undefined ? [] : invalidFor(`${path}.apiGroup`, apiGroup, dns1123SubdomainErrors(apiGroup))),
    ...(kind ? [] : [required(`${path}.kind`, "kind is required")]),
    ...(name ? [] : [required(`${path}.name`, "name is required")]),
    ...oneOf(`${path}.scope`, scope, ["Cluster", "Namespace"]),
  ];
  if (scope === "Namespace" && !namespace) errors.push(required(`${path}.namespace`, "`parameters.scope` is set to 'Namespace'"));
  if (scope === "Cluster" && namespace) errors.push(forbidden(`${path}.namespace`, "`parameters.scope` is set to 'Cluster'"));
  return errors;
}
