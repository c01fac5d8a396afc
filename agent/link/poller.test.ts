import { describe, expect, it } from "vitest";
import type { PollRequest, PollResponse } from "../../protocol/agent.ts";
import { FakeClock } from "../fake-clock.ts";
import { ApiError } from "./api.ts";
import { Poller } from "./poller.ts";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function setUp(answers: (number | Error)[]) {
  const clock = new FakeClock();
  const requests: PollRequest[] = [];
  const told: string[] = [];
  let revision = 0;
  const stopping = new AbortController();
  const poller = new Poller({
    ...{ clock, session: 3, log: silent },
    send: (request) => {
      requests.push(request);
      const answer = answers.shift();
      if (answer === undefined) return new Promise(() => undefined);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ revision: answer } as PollResponse);
    },
    apply: async (answer) => void (revision = answer.revision),
    position: () => ({ since: revision, epoch: 1 }),
    onUnauthorized: async () => void told.push("unauthorized"),
    onSuperseded: () => told.push("superseded"),
  });
  void poller.run(stopping.signal);
  return { clock, requests, told, stopping };
}

describe("Poller", () => {
  it("asks at once at first, then waits for news from where it stands", async () => {
    const { clock, requests } = setUp([7, 9]);
    await clock.advance(0);
    expect(requests).toEqual([
      { since: 0, epoch: 1, session: 3, wait: false },
      { since: 7, epoch: 1, session: 3, wait: true },
      { since: 9, epoch: 1, session: 3, wait: true },
    ]);
  });
  it("backs off while nobody answers, and never longer than a node may be silent", async () => {
    const { clock, requests } = setUp(Array.from({ length: 100 }, () => new Error("no link")));
    await clock.advance(60_000);
    expect(requests.length).toBeGreaterThan(8);
    expect(requests.length).toBeLessThan(30);
  });
  it("lets go when another agent with its key has begun later", async () => {
    const { clock, requests, told } = setUp([new ApiError(409, "Conflict", "a newer session")]);
    await clock.advance(60_000);
    expect(told).toEqual(["superseded"]);
    expect(requests).toHaveLength(1);
  });
  it("says that it is refused, and goes on asking", async () => {
    const { clock, requests, told } = setUp([new ApiError(401, "Unauthorized", "Unauthorized"), 5]);
    await clock.advance(1000);
    expect(told).toEqual(["unauthorized"]);
    expect(requests.at(-1)).toMatchObject({ since: 5 });
  });
  it("asks nothing more once the agent stops", async () => {
    const { clock, requests, stopping } = setUp([new Error("no link"), 1]);
    await clock.advance(0);
    stopping.abort();
    await clock.advance(60_000);
    expect(requests).toHaveLength(1);
  });
});
