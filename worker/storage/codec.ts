/**
 * Encryption of objects at rest: AES-256-GCM, bound to the object's key and revision, so that one row's data cannot
 * stand in for another's. Several keys may be known; the first encrypts, each row names the one it was made with.
 */
import type { ObjectKey, ObjectText } from "./store.ts";

export interface Encoded {
  /** Null: plain. */
  keyId: string | null;
  data: string;
}

export interface Codec {
  /** Of the key that encrypts; absent: nothing is encrypted. */
  keyId?: string;
  /** More keys are known than the one that encrypts: rows may name one of them. */
  hasOldKeys?: boolean;
  encode(key: ObjectKey, revision: number, text: ObjectText): Promise<Encoded> | Encoded;
  decode(key: ObjectKey, revision: number, encoded: Encoded): Promise<ObjectText> | ObjectText;
}

/** Named by inference: workerd and Node declare the global differently. */
type SecretKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const ivBytes = 12;

/** Encrypts nothing: for readers of meta, and for tests. */
export const plainCodec: Codec = { encode: (_key, _revision, text) => ({ keyId: null, data: text }), decode: (_key, _revision, { data }) => data };

/** `keys` is ENCRYPTION_KEYS: `id:base64[,id:base64…]`; `isSecret` says which objects are encrypted. */
export function aesCodec(keys: string, isSecret: (key: ObjectKey) => boolean): Codec {
  const known = new Map<string, Promise<SecretKey>>();
  for (const entry of keys.split(",").map((part) => part.trim()).filter((part) => part !== "")) {
    const [id, material] = splitOnce(entry);
    known.set(id, importKey(bytesOf(id, material)));
  }
  const [first] = known;
  if (first === undefined) throw new Error("ENCRYPTION_KEYS names no key: want `id:base64` of 32 bytes");
  return {
    keyId: first[0],
    hasOldKeys: known.size > 1,
    encode: (key, revision, text) =>
      isSecret(key) ? encrypt({ keyId: first[0], key: first[1], additionalData: bound(key, revision), text }) : { keyId: null, data: text },
    decode: (key, revision, encoded) => {
      if (encoded.keyId === null) return encoded.data;
      const found = known.get(encoded.keyId);
      if (found === undefined) throw new Error(`${key} is encrypted with key ${encoded.keyId}, which ENCRYPTION_KEYS does not name`);
      return decrypt(found, bound(key, revision), encoded.data);
    },
  };
}

function splitOnce(entry: string): [string, string] {
  const colon = entry.indexOf(":");
  return [entry.slice(0, Math.max(colon, 0)), entry.slice(colon + 1)];
}

function bytesOf(id: string, material: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(material);
  if (id === "" || bytes.length !== 32) throw new Error(`ENCRYPTION_KEYS: key "${id}" is not \`id:base64\` of 32 bytes`);
  return bytes;
}

async function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<SecretKey> {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function bound(key: ObjectKey, revision: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(`${key}@${revision}`));
}

async function encrypt(options: { keyId: string; key: Promise<SecretKey>; additionalData: Uint8Array<ArrayBuffer>; text: string }): Promise<Encoded> {
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
  const algorithm = { name: "AES-GCM", iv, additionalData: options.additionalData };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, await options.key, new TextEncoder().encode(options.text)));
  const all = new Uint8Array(ivBytes + sealed.length);
  all.set(iv);
  all.set(sealed, ivBytes);
  return { keyId: options.keyId, data: toBase64(all) };
}

async function decrypt(key: Promise<SecretKey>, additionalData: Uint8Array<ArrayBuffer>, data: string): Promise<string> {
  const all = fromBase64(data);
  const algorithm = { name: "AES-GCM", iv: all.subarray(0, ivBytes), additionalData };
  return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, await key, all.subarray(ivBytes)));
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
