import { describe, expect, it } from "vitest";
import { Dispatcher } from "../../worker/storage/dispatcher.ts";
import { VirtualClock } from "./virtual-clock.ts";

interface Call {
  target: string;
  revision: number;
  at: number;
  done(): void;
  fail(): void;
}

function setUp() {
  const clock = new VirtualClock();
  const start = clock.now();
  const calls: Call[] = [];
  const givenUp: string[] = [];
  const wake = (target: string, revision: number) =>
    new Promise<void>((resolve, reject) => {
      calls.push({ target, revision, at: clock.now() - start, done: resolve, fail: () => reject(new Error("no")) });
    });
  const dispatcher = new Dispatcher({ wake, clock, onGivenUp: (target) => givenUp.push(target) });
  const until = (count: number) => clock.runUntil(() => calls.length >= count);
  const last = () => {
    const call = calls.at(-1);
    if (call === undefined) throw new Error("nobody was woken");
    return call;
  };
  return { clock, calls, givenUp, dispatcher, until, last, told: () => calls.map(({ target, revision }) => `${target} ${revision}`) };
}

describe("wakes", () => {
  it("of one turn are coalesced by target, with the latest revision", async () => {
    const { dispatcher, until, told } = setUp();
    dispatcher.offer(["a", "b"], 2);
    dispatcher.offer(["a"], 3);
    await until(2);
    expect(told()).toEqual(["a 3", "b 2"]);
  });

  it("wait while their target is busy, and then go out once", async () => {
    const { dispatcher, until, told, last } = setUp();
    dispatcher.offer(["a"], 2);
    await until(1);
    for (const revision of [3, 4, 5]) dispatcher.offer(["a"], revision);
    last().done();
    await until(2);
    expect(told()).toEqual(["a 2", "a 5"]);
  });

  it("hold the cursor until they are acknowledged", async () => {
    const { clock, dispatcher, until, calls } = setUp();
    dispatcher.offer(["a"], 3);
    dispatcher.offer(["b"], 5);
    expect(dispatcher.cursor(7)).toBe(2);
    await until(2);
    expect(dispatcher.cursor(7)).toBe(2);
    calls[0]?.done();
    await clock.runUntil(() => dispatcher.cursor(7) === 4);
    calls[1]?.done();
    await clock.runUntil(() => dispatcher.cursor(7) === 7);
  });

  it("that fail are repeated, ever later, and one that keeps failing is given up without holding the cursor", async () => {
    const { clock, dispatcher, until, calls, givenUp, last } = setUp();
    dispatcher.offer(["a"], 2);
    for (let tries = 1; givenUp.length === 0; tries++) {
      await until(tries);
      expect(dispatcher.cursor(9)).toBe(1);
      last().fail();
      await clock.runUntil(() => givenUp.length > 0 || calls.length > tries);
    }
    expect(calls.length).toBe(7);
    const waits = calls.slice(1).map(({ at }, position) => at - (calls[position]?.at ?? 0));
    for (const [position, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(50 * 2 ** position);
      expect(wait).toBeLessThanOrEqual(100 * 2 ** position);
    }
    expect(givenUp).toEqual(["a"]);
    expect(dispatcher.cursor(9)).toBe(9);
  });

  it("of others are not held up by one that fails", async () => {
    const { dispatcher, until, told, last } = setUp();
    dispatcher.offer(["bad"], 2);
    await until(1);
    last().fail();
    dispatcher.offer(["good"], 3);
    await until(2);
    expect(told()).toEqual(["bad 2", "good 3"]);
  });

  it("that arrive while their target rests go out with its repetition", async () => {
    const { dispatcher, until, told, last, clock } = setUp();
    dispatcher.offer(["a"], 2);
    await until(1);
    last().fail();
    await clock.runUntil(() => true);
    dispatcher.offer(["a"], 4);
    expect(dispatcher.cursor(4)).toBe(1);
    await until(2);
    expect(told()).toEqual(["a 2", "a 4"]);
  });

  it("that nobody answers are over after their time", async () => {
    const { dispatcher, until, calls } = setUp();
    dispatcher.offer(["a"], 2);
    await until(2);
    expect(calls[1]?.at).toBeGreaterThan(30_000);
  });

  it("are 24 at once, and the rest follows", async () => {
    const { dispatcher, until, calls, clock } = setUp();
    dispatcher.offer(Array.from({ length: 30 }, (_, at) => `t${at}`), 2);
    await until(24);
    await clock.runUntil(() => true);
    expect(calls).toHaveLength(24);
    for (const { done } of [...calls]) done();
    await until(30);
    for (const { done } of [...calls]) done();
    await clock.resolve(dispatcher.whenIdle());
    expect(dispatcher.pending).toBe(0);
  });

  it("end when the instance is replaced", async () => {
    const { dispatcher, clock, calls } = setUp();
    dispatcher.offer(["a"], 2);
    dispatcher.stop();
    await clock.runUntil(() => true);
    expect(calls).toEqual([]);
  });
});
