/** Registry credentials out of pull secrets, in the kubelet's order: the most specific match first. */
import type { Secret } from "../../protocol/kubernetes/generated/types.ts";
import type { ImageCredentials } from "../runtime/runtime.ts";
import { parseImageReference } from "./reference.ts";

interface AuthEntry {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
  registrytoken?: string;
}

/** All credentials that fit the image, best first; a secret that cannot be read counts as none. */
export function credentialsFor(image: string, secrets: readonly Secret[]): ImageCredentials[] {
  const reference = parseImageReference(image);
  if (reference === undefined) return [];
  const target = `${reference.registry}/${reference.repository}`;
  const entries = secrets.flatMap(entriesOf).map(([pattern, entry]) => ({ location: locationOf(pattern), entry }));
  const fitting = entries.filter(({ location }) => matches(location, target));
  return fitting.toSorted((a, b) => b.location.length - a.location.length).map(({ entry }) => credentials(entry));
}

function entriesOf(secret: Secret): [string, AuthEntry][] {
  const config = secret.data?.[".dockerconfigjson"];
  const legacy = secret.data?.[".dockercfg"];
  try {
    const parsed: unknown = JSON.parse(Buffer.from(config ?? legacy ?? "", "base64").toString("utf8"));
    const auths = config === undefined ? parsed : (parsed as { auths?: unknown }).auths;
    return typeof auths === "object" && auths !== null ? (Object.entries(auths) as [string, AuthEntry][]) : [];
  } catch {
    return [];
  }
}

/** `https://index.docker.io/v1/` and its kin are Docker Hub. */
function locationOf(pattern: string): string {
  const bare = pattern.replace(/^https?:\/\//, "").replace(/\/(v1|v2)?\/?$/, "");
  return bare.replace(/^(index\.docker\.io|registry-1\.docker\.io)/, "docker.io");
}

/** Host by host label (`*` fits one label), path by prefix. */
function matches(location: string, target: string): boolean {
  const [host = "", ...path] = location.split("/");
  const [targetHost = "", ...targetPath] = target.split("/");
  const [name, port] = splitPort(host);
  const [targetName, targetPort] = splitPort(targetHost);
  if (port !== targetPort) return false;
  const labels = name.split(".");
  const targetLabels = targetName.split(".");
  const isHost = labels.length === targetLabels.length && labels.every((label, index) => fits(label, targetLabels[index] ?? ""));
  return isHost && `${targetPath.join("/")}/`.startsWith(path.length === 0 ? "" : `${path.join("/")}/`);
}

function fits(pattern: string, label: string): boolean {
  const escaped = pattern.split("*").map((part) => part.replace(/[^\w-]/g, "\\$&"));
  return new RegExp(`^${escaped.join("[^.]*")}$`).test(label);
}

function splitPort(host: string): [string, string | undefined] {
  const match = /^(.*):(\d+)$/.exec(host);
  return match === null ? [host, undefined] : [match[1] ?? "", match[2]];
}

/** Without a server's address: they were chosen for the image already, and containerd would take it for a whole URL. */
function credentials(entry: AuthEntry): ImageCredentials {
  const [user, ...rest] = Buffer.from(entry.auth ?? "", "base64").toString("utf8").split(":");
  return {
    username: entry.username ?? user ?? "",
    password: entry.password ?? rest.join(":"),
    ...(entry.identitytoken !== undefined && { identityToken: entry.identitytoken }),
    ...(entry.registrytoken !== undefined && { registryToken: entry.registrytoken }),
  };
}
