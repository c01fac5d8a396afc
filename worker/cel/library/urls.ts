/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-url-library */
import type { Environment } from "@marcbachmann/cel-js";

const type = "kubernetes.URL";

class CelUrl {
  readonly text: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;

  constructor([text = "", scheme = "", host = "", path = "", query = ""]: string[]) {
    this.text = text;
    this.scheme = scheme;
    this.host = host;
    this.path = path;
    this.query = query;
  }
}

export function registerUrls(environment: Environment): void {
  environment
    .registerType(type, CelUrl)
    .registerFunction(`url(string): ${type}`, (text: string) => {
      const found = parse(text);
      if (found === undefined) throw new Error(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`);
      return found;
    })
    .registerFunction("isURL(string): bool", (text: string) => parse(text) !== undefined)
    .registerOperator(`${type} == ${type}`, (a: CelUrl, b: CelUrl) => a.text === b.text)
    .registerFunction(`${type}.getScheme(): string`, (url: CelUrl) => url.scheme)
    .registerFunction(`${type}.getHost(): string`, (url: CelUrl) => url.host)
    .registerFunction(`${type}.getHostname(): string`, (url: CelUrl) => hostParts(url)[0])
    .registerFunction(`${type}.getPort(): string`, (url: CelUrl) => hostParts(url)[1])
    .registerFunction(`${type}.getEscapedPath(): string`, (url: CelUrl) => encodeURI(decoded(url.path)))
    .registerFunction(`${type}.getQuery(): map<string, list<string>>`, queryOf);
}

/** As Go's `url.ParseRequestURI`: absolute, or a path from the root. */
function parse(text: string): CelUrl | undefined {
  if (!/^[!-~\u0080-\uffff]+$/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:[^/?@]*@)?([^/?]*))?([^?]*)(?:\?(.*))?$/.exec(text);
  const [, scheme, host, path = ""] = match ?? [];
  if (match === null || (scheme === undefined && !path.startsWith("/") && host === undefined)) return undefined;
  if (scheme === undefined && host !== undefined && !text.startsWith("/")) return undefined;
  if (scheme !== undefined && host === undefined && path === "") return undefined;
  if (host !== undefined && !/^(?:\[[0-9a-fA-F:.%]+\]|[^:[\]]*)(?::\d*)?$/.test(host)) return undefined;
  return new CelUrl([text, (scheme ?? "").toLowerCase(), host ?? "", path, match[4] ?? ""]);
}

function hostParts({ host }: CelUrl): [name: string, port: string] {
  const match = /^(?:\[(.*)\]|([^:]*))(?::(\d*))?$/.exec(host);
  return [match?.[1] ?? match?.[2] ?? "", match?.[3] ?? ""];
}

function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

function queryOf({ query }: CelUrl): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(query)) (result[name] ??= []).push(value);
  return result;
}
