/** Where a webhook is called: a URL, or a Service in the cluster (k8s.io/apiserver/pkg/util/webhook). */
import type { AdmissionregistrationWebhookClientConfig } from "../../../protocol/kubernetes/generated/types.ts";
import type { FieldError } from "../resource.ts";
import { invalid, required } from "./field-errors.ts";
import { dns1123SubdomainErrors, portNumberErrors } from "./names.ts";

export function webhookClientErrors(path: string, config: AdmissionregistrationWebhookClientConfig | undefined): FieldError[] {
  const { url, service } = config ?? {};
  if (url !== undefined && service === undefined) return urlErrors(`${path}.url`, url);
  if (service !== undefined && url === undefined) return serviceErrors(`${path}.service`, service);
  return [required(path, "exactly one of url or service is required")];
}

const form = "; desired format: https://host[/path]";

function urlErrors(path: string, text: string): FieldError[] {
  const url = URL.parse(text);
  if (url === null) return [required(path, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URI for request${form}`)];
  const scheme = url.protocol.slice(0, -1);
  const user = [url.username, url.password].filter((part) => part !== "").join(":");
  return [
    ...(scheme === "https" ? [] : [invalid(path, scheme, `'https' is the only allowed URL scheme${form}`)]),
    ...(url.host === "" ? [invalid(path, url.host, `host must be specified${form}`)] : []),
    ...(user === "" ? [] : [invalid(path, user, "user information is not permitted in the URL")]),
    ...(url.hash === "" ? [] : [invalid(path, url.hash.slice(1), "fragments are not permitted in the URL")]),
    ...(url.search === "" ? [] : [invalid(path, url.search.slice(1), "query parameters are not permitted in the URL")]),
  ];
}

type Service = NonNullable<AdmissionregistrationWebhookClientConfig["service"]>;

function serviceErrors(path: string, { name, namespace, port = 443, path: urlPath = "" }: Service): FieldError[] {
  const wrongPort = portNumberErrors(port);
  return [
    ...(name === "" ? [required(`${path}.name`, "service name is required")] : []),
    ...(namespace === "" ? [required(`${path}.namespace`, "service namespace is required")] : []),
    ...(wrongPort.length === 0 ? [] : [invalid(`${path}.port`, port, `port is not valid: ${wrongPort.join(",")}`)]),
    ...pathErrors(`${path}.path`, urlPath),
  ];
}

/** Each segment is a DNS subdomain; one slash may stand at the end. */
function pathErrors(path: string, value: string): FieldError[] {
  if (value === "" || value === "/") return [];
  if (value === "//") return [invalid(path, value, "segment[0] may not be empty")];
  const errors = value.startsWith("/") ? [] : [invalid(path, value, "must start with a '/'")];
  const segments = value.slice(1).replace(/\/$/, "").split("/");
  return [...errors, ...segments.flatMap((segment, at) => segmentErrors(segment, at).map((why) => invalid(path, value, why)))];
}

function segmentErrors(segment: string, at: number): string[] {
  if (segment === "") return [`segment[${at}] may not be empty`];
  return dns1123SubdomainErrors(segment).map((why) => `segment[${at}]: ${why}`);
}
