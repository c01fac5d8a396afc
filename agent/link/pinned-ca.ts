/** Finds the server's CA by the hash that a join token carries: trust without a file to copy around. */
import { createHash, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type DetailedPeerCertificate } from "node:tls";

const timeoutMs = 10_000;

/** Not the server that the token was made for: trying again would not help. */
export class UntrustedServer extends Error {
  override readonly name = "UntrustedServer";
}

/** SHA-256 of a certificate's DER, base64url. */
export function certificateHash(der: Buffer): string {
  return createHash("sha256").update(der).digest("base64url");
}

/**
 * The PEM of the certificate with that hash out of the chain that the server presents. Nothing else of the
 * connection is trusted or used.
 */
export async function fetchPinnedCa(server: URL, hash: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer[]>();
  const host = server.hostname.replace(/^\[|\]$/g, "");
  // A server is not asked for an address by name (RFC 6066).
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({ host, port: Number(server.port || 443), rejectUnauthorized: false, ALPNProtocols: ["http/1.1"], ...servername });
  socket.setTimeout(timeoutMs, () => reject(new Error(`no answer from ${server.host} within ${timeoutMs / 1000} s`)));
  socket.once("error", reject);
  socket.once("secureConnect", () => resolve(chainOf(socket.getPeerCertificate(true))));
  try {
    const found = (await promise).find((der) => certificateHash(der) === hash);
    if (found === undefined) throw new UntrustedServer(`${server.host} is not the server that the join token was made for: its certificate chain does not match the token`);
    return new X509Certificate(found).toString();
  } finally {
    socket.destroy();
  }
}

function chainOf(leaf: DetailedPeerCertificate): Buffer[] {
  const chain: Buffer[] = [];
  const seen = new Set<string>();
  for (let certificate: DetailedPeerCertificate | undefined = leaf; certificate?.raw !== undefined; certificate = certificate.issuerCertificate) {
    if (seen.has(certificate.fingerprint256)) break;
    seen.add(certificate.fingerprint256);
    chain.push(certificate.raw);
  }
  return chain;
}
