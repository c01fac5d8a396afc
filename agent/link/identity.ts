/**
 * Who the agent is: its node's name, its Ed25519 key, and what joining told it. The file is 0600; the key never
 * leaves the host. The session number goes up with each start and is stored before it is used, so that of two agents
 * with one key (a cloned disk) only the later one is heard.
 */
import { createPrivateKey, generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { JoinResponse } from "../../protocol/agent.ts";

export interface Identity extends JoinResponse {
  server: string;
  /** PEM of the CA that the server's certificate is checked against; absent: the system's. */
  ca?: string;
  privateKey: JsonWebKey;
}

const tokenLifeSeconds = 55;
const renewBeforeSeconds = 25;

export function createKey(): JsonWebKey {
  return generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
}

export function publicKeyOf(key: JsonWebKey): string {
  return key.x ?? "";
}

export function readIdentity(path: string): Identity | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Identity; // written below
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Error(`${path} cannot be read: ${String(error)}; remove it and join again`);
  }
}

export function writeIdentity(path: string, identity: Identity): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.new`;
  writeFileSync(unfinished, JSON.stringify(identity), { mode: 0o600 });
  renameSync(unfinished, path);
}

/** Signs the agent's tokens; the server knows a token again, so one is used for half of its life. */
export class TokenSigner {
  readonly #key: KeyObject;
  readonly #claims: { sub: string; aud: string; session: number };
  #token = "";
  #renewAtSeconds = 0;

  constructor(identity: Identity) {
    this.#key = createPrivateKey({ key: identity.privateKey, format: "jwk" });
    this.#claims = { sub: identity.nodeName, aud: identity.clusterUid, session: identity.session };
  }

  token(nowMs: number): string {
    const nowSeconds = Math.floor(nowMs / 1000);
    if (nowSeconds < this.#renewAtSeconds && this.#token !== "") return this.#token;
    const header = encode({ alg: "EdDSA", typ: "JWT", kid: this.#claims.sub });
    const payload = encode({ ...this.#claims, iat: nowSeconds, exp: nowSeconds + tokenLifeSeconds });
    const signature = sign(null, Buffer.from(`${header}.${payload}`), this.#key).toString("base64url");
    this.#renewAtSeconds = nowSeconds + tokenLifeSeconds - renewBeforeSeconds;
    return (this.#token = `${header}.${payload}.${signature}`);
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
