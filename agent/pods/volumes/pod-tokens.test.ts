import { beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../../fake-clock.ts";
import { testPod } from "../testing.ts";
import { PodTokens, RefusedToken } from "./pod-tokens.ts";

const pod = testPod();
const wanted = { path: "token", expirationSeconds: 3600 };
const minuteMs = 60_000;

let clock: FakeClock;
let asked: number;
let failure: Error | undefined;
let tokens: PodTokens;
beforeEach(() => {
  clock = new FakeClock();
  asked = 0;
  failure = undefined;
  tokens = new PodTokens({
    clock,
    request: (_pod, { expirationSeconds }) => {
      asked += 1;
      return failure === undefined ? Promise.resolve({ token: `token-${asked}`, expiresAtMs: clock.now() + expirationSeconds * 1000 }) : Promise.reject(failure);
    },
  });
});

describe("a pod's token", () => {
  it("is asked for once, and again when four fifths of its life are over", async () => {
    expect(await tokens.token(pod, wanted)).toBe("token-1");
    await clock.advance(47 * minuteMs);
    expect(await tokens.token(pod, wanted)).toBe("token-1");
    await clock.advance(minuteMs);
    expect(await tokens.token(pod, wanted)).toBe("token-2");
  });

  it("is renewed after a day if it lives longer", async () => {
    await tokens.token(pod, { path: "token", expirationSeconds: 30 * 24 * 3600 });
    expect((tokens.renewalMs("uid-1") ?? 0) - clock.now()).toBeLessThanOrEqual(24 * 3600 * 1000);
  });

  it("is one for each audience", async () => {
    expect(await tokens.token(pod, wanted)).toBe("token-1");
    expect(await tokens.token(pod, { ...wanted, audience: "vault" })).toBe("token-2");
    expect(await tokens.token(pod, wanted)).toBe("token-1");
  });

  it("stays as long as it is good when no other can be had", async () => {
    await tokens.token(pod, wanted);
    await clock.advance(50 * minuteMs);
    for (const error of [new Error("no answer"), new RefusedToken("busy")]) {
      failure = error;
      expect(await tokens.token(pod, wanted)).toBe("token-1");
      await clock.advance(minuteMs);
    }
    failure = undefined;
    expect(await tokens.token(pod, wanted)).toMatch(/token-[^1]/);
  });

  it("is missing while the control plane is not reached, which is not asked for each pod", async () => {
    failure = new Error("no answer");
    expect(await tokens.token(pod, wanted)).toBeUndefined();
    expect(await tokens.token(testPod({}, { metadata: { uid: "uid-2" } }), wanted)).toBeUndefined();
    expect(asked).toBe(1);
    failure = undefined;
    await clock.advance(20_000);
    expect(await tokens.token(pod, wanted)).toBe("token-2");
  });

  it("keeps the pod waiting when it is refused", async () => {
    failure = new RefusedToken('serviceaccounts "x" not found');
    await expect(tokens.token(pod, wanted)).rejects.toThrow('failed to fetch token: serviceaccounts "x" not found');
  });

  it("is forgotten with its pod", async () => {
    await tokens.token(pod, wanted);
    tokens.forget("uid-1");
    expect(tokens.renewalMs("uid-1")).toBeUndefined();
  });
});
