import { createPublicKey, createPrivateKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeClock, settle } from "../fake-clock.ts";
import { ServingCertificate, type KeyPair, type ServingCertificateOptions } from "./serving-certificate.ts";
import { testKeyPair } from "./testing.ts";

const dayMs = 24 * 3600 * 1000;
let folder: string;
let path: string;
let clock: FakeClock;
let running: ServingCertificate[];
/** Good for a hundred days from the clock's first moment, as what the control plane signs is for a year. */
let certificate: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "kedge-serving-"));
  path = join(folder, "agent/apiserver.json");
  clock = new FakeClock();
  running = [];
  ({ certificate } = await testKeyPair({ notBefore: new Date(clock.now()), notAfter: new Date(clock.now() + 100 * dayMs) }));
});
afterEach(() => {
  for (const one of running) one.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<ServingCertificateOptions> = {}) {
  const ask = vi.fn(({ publicKey: _ }: { publicKey: string }) => Promise.resolve({ certificate }));
  const used: KeyPair[] = [];
  const warn = vi.fn();
  const log = { debug: () => undefined, info: () => undefined, warn, error: () => undefined };
  const use = (pair: KeyPair) => Promise.resolve(void used.push(pair));
  const serving = new ServingCertificate({ path, clusterUid: "cluster", clock, log, ask, use, ...options });
  running.push(serving);
  await serving.start();
  return { ask, used, warn, serving };
}

describe("the certificate", () => {
  it("is asked for with the public half of a key that stays here", async () => {
    const { ask, used } = await start();
    const [pair] = used;
    const asked = createPublicKey({ key: Buffer.from(ask.mock.calls[0]?.[0].publicKey ?? "", "base64"), format: "der", type: "spki" });
    expect(asked.equals(createPublicKey(createPrivateKey(pair?.privateKey ?? "")))).toBe(true);
    expect(asked.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
    expect(JSON.stringify(ask.mock.calls)).not.toContain("PRIVATE");
  });

  it("is kept for the next start, readable by its owner only", async () => {
    const first = await start();
    const second = await start();
    expect(second.ask).not.toHaveBeenCalled();
    expect(second.used).toEqual([expect.objectContaining(first.used[0])]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("is another one when half of its life is over, with another key", async () => {
    const { ask, used } = await start();
    await clock.advance(49 * dayMs);
    expect(ask).toHaveBeenCalledTimes(1);
    ({ certificate } = await testKeyPair({ notBefore: new Date(clock.now()), notAfter: new Date(clock.now() + 100 * dayMs) }));
    await clock.advance(1.5 * dayMs);
    expect(ask).toHaveBeenCalledTimes(2);
    expect(used[1]?.privateKey).not.toBe(used[0]?.privateKey);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ certificate });
  });

  it("goes on being used while there is no other one to be had", async () => {
    (await start()).serving.stop();
    await clock.advance(60 * dayMs);
    const ask = vi.fn(() => Promise.reject(new Error("no link")));
    const { used } = await start({ ask });
    expect(used).toHaveLength(1);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it("is asked for until it is there, ever more seldom, and one line tells of it", async () => {
    const ask = vi.fn(() => (ask.mock.calls.length < 8 ? Promise.reject(new Error("no link")) : Promise.resolve({ certificate })));
    const { used, warn } = await start({ ask });
    await clock.advance(10_000);
    expect(ask.mock.calls.length).toBeGreaterThanOrEqual(3);
    expect(used).toEqual([]);
    await clock.advance(300_000);
    expect(used).toHaveLength(1);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it("is tried again when it could not be used", async () => {
    const used = vi.fn(() => (used.mock.calls.length === 1 ? Promise.reject(new Error("no such address")) : Promise.resolve()));
    const { ask } = await start({ use: used });
    await clock.advance(2000);
    expect([used.mock.calls.length, ask.mock.calls.length]).toEqual([2, 1]);
  });

  it.each([
    ["of another cluster", { clusterUid: "other" }, 0],
    ["that is over", {}, 101 * dayMs],
    ["that cannot be read", { certificate: "nonsense" }, 0],
  ])("%s is not used", async (_, other, laterMs) => {
    const { serving, used: [before] } = await start();
    serving.stop();
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...other }));
    const ask = vi.fn(() => Promise.reject(new Error("no link")));
    clock = new FakeClock(clock.now() + laterMs);
    const { used } = await start({ ask, clock });
    expect([used, ask.mock.calls.length]).toEqual([[], 1]);
    expect(before).toBeDefined();
  });

  it("is not asked for any more after the agent stopped", async () => {
    const ask = vi.fn(() => Promise.reject(new Error("no link")));
    const { serving } = await start({ ask });
    serving.stop();
    await clock.advance(dayMs);
    await settle();
    expect(ask).toHaveBeenCalledTimes(1);
  });
});
