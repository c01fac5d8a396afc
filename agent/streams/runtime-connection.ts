/** A connection to the runtime's streaming server: HTTP on loopback, upgraded to SPDY/3.1. */
import { request } from "node:http";
import type { Duplex } from "node:stream";

const timeoutMs = 10_000;

/** The bare connection after the upgrade. @param protocols of the streams inside, best first */
export async function upgrade(url: string, protocols: readonly string[]): Promise<Duplex> {
  const target = new URL(url);
  if (target.hostname !== "127.0.0.1" && target.hostname !== "localhost" && target.hostname !== "[::1]") {
    throw new Error(`the runtime streams from ${target.host}, which is not this host`);
  }
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const headers = { Connection: "Upgrade", Upgrade: "SPDY/3.1", "X-Stream-Protocol-Version": [...protocols], "Content-Length": 0 };
  const sent = request(target, { method: "POST", headers, agent: false, timeout: timeoutMs });
  sent.once("upgrade", (_response, socket, head) => {
    socket.setTimeout(0);
    socket.setNoDelay(true);
    if (head.length > 0) socket.unshift(head);
    resolve(socket);
  });
  sent.once("response", (response) => reject(new Error(`the runtime refused the stream: ${response.statusCode}`)));
  sent.once("timeout", () => sent.destroy(new Error("the runtime did not answer")));
  sent.once("error", reject);
  sent.end();
  return await promise;
}

/** Writes and waits until more may be written. */
export async function writeTo(socket: Duplex, bytes: Uint8Array): Promise<void> {
  if (socket.destroyed || socket.writableEnded || socket.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      for (const event of ["drain", "close", "error"]) socket.off(event, go);
      resolve();
    };
    for (const event of ["drain", "close", "error"]) socket.once(event, go);
  });
}
