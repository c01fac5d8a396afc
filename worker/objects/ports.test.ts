import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Store } from "../storage/store.ts";
import { boundedStore } from "./ports.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const silent = () => new Promise<never>(() => undefined);
/** Of the contract, what a test is about. */
const storeOf = (methods: Partial<Store>) => methods as Store;

describe("a call of the store", () => {
  test("that nobody answers ends with Kubernetes' Timeout", async () => {
    const store = boundedStore(() => storeOf({ write: silent }), 1_000);
    const refusal = expect(store.write({ operations: [] })).rejects.toMatchObject({ status: { code: 504, reason: "Timeout" } });
    await vi.advanceTimersByTimeAsync(1_000);
    await refusal;
  });

  test.each<[string, () => Promise<undefined>]>([
    ["answered", () => Promise.resolve(undefined)],
    ["refused", () => Promise.reject(new Error("no"))],
  ])("that is %s leaves no timer behind", async (_what, get) => {
    await boundedStore(() => storeOf({ get }), 1_000).get("pods/d/p").catch(() => undefined);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("goes to the same stub as the one before, so that they arrive in order, and to another after an error", async () => {
    let stubs = 0;
    const store = boundedStore(() => {
      const stub = ++stubs;
      return storeOf({ get: () => (stub === 1 ? Promise.reject(new Error("broken")) : Promise.resolve(undefined)) });
    }, 1_000);
    await expect(store.get("a")).rejects.toThrow("broken");
    await store.get("a");
    await store.get("a");
    expect(stubs).toBe(2);
  });
});
