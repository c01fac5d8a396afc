import { describe, expect, it } from "vitest";
import { aesCodec } from "./codec.ts";

const keyOf = (byte: number): string => btoa(String.fromCharCode(...new Uint8Array(32).fill(byte)));
const isSecret = (key: string): boolean => key.startsWith("secrets/");
const codec = aesCodec(`new:${keyOf(2)},old:${keyOf(1)}`, isSecret);
const secret = "secrets/default/s";

describe("the codec", () => {
  it("leaves other objects as they are", async () => {
    expect(await codec.encode("pods/default/p", 2, "text")).toEqual({ keyId: null, data: "text" });
  });

  it("encrypts secrets with the first key, each time differently", async () => {
    const [one, two] = [await codec.encode(secret, 2, "pässword"), await codec.encode(secret, 2, "pässword")];
    expect(one.keyId).toBe("new");
    expect(one.data).not.toContain("pässword");
    expect(one.data).not.toBe(two.data);
    expect(await codec.decode(secret, 2, one)).toBe("pässword");
  });

  it("reads rows of an older key that it still knows, and plain rows", async () => {
    const old = await aesCodec(`old:${keyOf(1)}`, isSecret).encode(secret, 2, "text");
    expect(await codec.decode(secret, 2, old)).toBe("text");
    expect(await codec.decode(secret, 2, { keyId: null, data: "text" })).toBe("text");
  });

  it.each([
    ["another object's row", "secrets/default/t", 2],
    ["a row of another revision", secret, 3],
  ])("does not take %s", async (_what, key, revision) => {
    const encoded = await codec.encode(secret, 2, "text");
    await expect(async () => codec.decode(key, revision, encoded)).rejects.toThrow();
  });

  it("does not take a row that was changed", async () => {
    const { keyId, data } = await codec.encode(secret, 2, "text");
    const changed = `${data.startsWith("A") ? "B" : "A"}${data.slice(1)}`;
    await expect(async () => codec.decode(secret, 2, { keyId, data: changed })).rejects.toThrow();
  });

  it("names a key that it does not know", () => {
    expect(() => codec.decode(secret, 2, { keyId: "lost", data: "AAAA" })).toThrow("key lost, which ENCRYPTION_KEYS does not name");
  });

  it("takes a large text", async () => {
    const text = "x".repeat(1_400_000);
    expect(await codec.decode(secret, 2, await codec.encode(secret, 2, text))).toBe(text);
  });

  it.each([
    ["nothing", ""],
    ["a key without an id", keyOf(1)],
    ["a key of another length", `k:${btoa("short")}`],
  ])("refuses %s as its keys", (_what, keys) => {
    expect(() => aesCodec(keys, isSecret)).toThrow("ENCRYPTION_KEYS");
  });
});
