/** What of a message's headers goes on to the other side; pure. */

/** Headers by lower-case name. One that came twice stays two: clients repeat `Impersonate-Group`. */
export type Headers = Readonly<Record<string, string[] | undefined>>;

/** They concern one connection (RFC 9110, 7.6.1), and `Expect` was answered. */
const ofOneHop = new Set(["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"]);

/**
 * What proxies and the edge say of a client, and kube-apiserver's authenticating proxy of a user: nobody is to be believed
 * who says it of itself. Cloudflare refuses some of these outright.
 */
const ofProxies = /^(x-forwarded-.*|x-remote-.*|x-real-ip|forwarded|via|true-client-ip|cf-.*|cdn-loop)$/;

/** A client's headers as they go on, without `Host`; the control plane is told the client's own address. */
export function requestHeaders(headers: Headers, client: string): Record<string, string[]> {
  const kept = entriesBeyondTheHop(headers).filter(([name]) => name !== "host" && !ofProxies.test(name));
  return { ...Object.fromEntries(kept), "x-forwarded-for": [client] };
}

export function responseHeaders(headers: Headers): Record<string, string[]> {
  return Object.fromEntries(entriesBeyondTheHop(headers));
}

function entriesBeyondTheHop(headers: Headers): [string, string[]][] {
  const named = (headers["connection"] ?? []).flatMap((value) => value.toLowerCase().split(",")).map((name) => name.trim());
  return Object.entries(headers).flatMap(([name, values]): [string, string[]][] =>
    values === undefined || ofOneHop.has(name) || named.includes(name) ? [] : [[name, values]],
  );
}
