import { describe, expect, test } from "vitest";
import { Coalescer } from "./coalescer.ts";

/** Runs that end when the test says so. */
function controlled(): { coalescer: Coalescer; ends: ((error?: Error) => void)[] } {
  const ends: ((error?: Error) => void)[] = [];
  const coalescer = new Coalescer(() => new Promise((resolve, reject) => {
    ends.push((error) => (error === undefined ? resolve() : reject(error)));
  }));
  return { coalescer, ends };
}

/** Lets everything happen that needs no more than promises. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

describe("a coalescer", () => {
  test("runs at most one at a time, and those who ask meanwhile share the next", async () => {
    const { coalescer, ends } = controlled();
    const first = coalescer.request();
    await settle();
    const others = [coalescer.request(), coalescer.request()];
    await settle();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await first;
    await settle();
    expect(ends).toHaveLength(2);
    ends[1]?.();
    await Promise.all(others);
    expect(ends).toHaveLength(2);
  });

  test("answers nobody by a run that began before the request", async () => {
    const { coalescer, ends } = controlled();
    void coalescer.request();
    await settle();
    let isAnswered = false;
    const second = coalescer.request().then(() => (isAnswered = true));
    ends[0]?.();
    await settle();
    expect(isAnswered).toBe(false);
    ends[1]?.();
    await second;
  });

  test("tells a failure to those who asked for that run, and goes on", async () => {
    const { coalescer, ends } = controlled();
    const first = coalescer.request();
    await settle();
    const second = coalescer.request();
    ends[0]?.(new Error("broken"));
    await expect(first).rejects.toThrow("broken");
    await settle();
    ends[1]?.();
    await expect(second).resolves.toBeUndefined();
  });
});
