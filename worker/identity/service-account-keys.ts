/** The keyring of service accounts' tokens. */
import { calculateJwkThumbprint, exportJWK, importJWK, type JWK } from "jose";
import type { Env } from "../env.ts";
import { Keyring, type KeyringStore } from "./keyring.ts";
import { rotated, signingAlgorithm, type SigningKey } from "./signing-keys.ts";

const algorithm = { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };

export async function makeSigningKey(): Promise<SigningKey> {
  // Two keys: the algorithm is an asymmetric one.
  const pair = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const publicKey = await exportJWK(pair.publicKey);
  return { kid: await calculateJwkThumbprint(publicKey), publicKey, privateKey: await exportJWK(pair.privateKey) };
}

/** To make a key takes more CPU time than a request may use on the free plan; an object may use it. */
type Workshop = Pick<Env, "WORKLOAD">;

const keyrings = new WeakMap<object, Keyring<SigningKey[]>>();

/** The isolate's own. */
export function serviceAccountKeys(env: Workshop): Keyring<SigningKey[]> {
  const known = keyrings.get(env.WORKLOAD);
  if (known !== undefined) return known;
  const make = async () => [await newSigningKey(env)];
  const keyring = new Keyring<SigningKey[]>({ purpose: "service-account", make, now: () => Date.now() });
  keyrings.set(env.WORKLOAD, keyring);
  return keyring;
}

async function newSigningKey(env: Workshop): Promise<SigningKey> {
  return await env.WORKLOAD.getByName("_keys").makeSigningKey();
}

/** Another key signs from now on. `isRevoking`: every token that was made before is bad at once. */
export async function rotateServiceAccountKeys(env: Workshop, store: KeyringStore, isRevoking: boolean): Promise<SigningKey[]> {
  const next = await newSigningKey(env);
  return await serviceAccountKeys(env).replace(store, (keys) => Promise.resolve(rotated(keys, next, { now: Date.now(), isRevoking })));
}

type ImportedKey = Awaited<ReturnType<typeof importJWK>>;

const imported = new WeakMap<JWK, Promise<ImportedKey>>();

/** A key is made ready for use once. */
export function importedKey(jwk: JWK): Promise<ImportedKey> {
  let found = imported.get(jwk);
  if (found === undefined) imported.set(jwk, (found = Promise.resolve(importJWK(jwk, signingAlgorithm))));
  return found;
}
