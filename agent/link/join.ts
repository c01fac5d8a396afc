/** Turns a join token into an identity. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { JoinRequest, JoinResponse } from "../../protocol/agent.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { Api, ApiError } from "./api.ts";
import { createKey, publicKeyOf, type Identity } from "./identity.ts";
import { fetchPinnedCa, UntrustedServer } from "./pinned-ca.ts";

export interface JoinOptions {
  server: string;
  token: string;
  /** PEM; else the token's hash tells which CA to trust, else the system's are. */
  ca?: string | undefined;
  request: Pick<JoinRequest, "nodeName" | "labels" | "status">;
  /** A key that the node has already. */
  key?: Identity["privateKey"] | undefined;
}

const timeoutMs = 30_000;
const retry = { times: 5, firstMs: 500 };

/** From a file, or standard input for `-` or nothing; undefined if there is none. Never from an argument. */
export async function readJoinToken(file: string | undefined): Promise<string | undefined> {
  const isInput = file === undefined || file === "-";
  if (isInput && process.stdin.isTTY) return undefined;
  const content = isInput ? await text(process.stdin) : await readFile(file, "utf8");
  const token = content.trim();
  return token === "" ? undefined : token;
}

/** `kj.<secret>.<hash of the CA, or empty>` */
export function caHashOf(token: string): string | undefined {
  return token.split(".")[2] || undefined;
}

/** Tries a few times while the server is not reached; what it refuses, it refuses once. */
export async function joinCluster(options: JoinOptions): Promise<Identity> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await joinOnce(options);
    } catch (error) {
      const isFinal = error instanceof UntrustedServer || (error instanceof ApiError && error.code < 500);
      if (isFinal || failures === retry.times) throw error;
      await sleep(retry.firstMs * 2 ** (failures - 1) * (0.5 + Math.random() / 2));
    }
  }
}

async function joinOnce({ server, token, ca: given, request, key = createKey() }: JoinOptions): Promise<Identity> {
  const ca = given ?? (await pinned(server, token));
  const api = new Api({ server, ca, token: () => token });
  try {
    const body: JoinRequest = { ...request, publicKey: publicKeyOf(key) };
    const joined = await api.post<JoinResponse>("/kedge/v1/join", body, { timeoutMs });
    return { ...joined, server, ...(ca !== undefined && { ca }), privateKey: key };
  } finally {
    api.close();
  }
}

async function pinned(server: string, token: string): Promise<string | undefined> {
  const hash = caHashOf(token);
  return hash === undefined ? undefined : await fetchPinnedCa(new URL(server), hash);
}
