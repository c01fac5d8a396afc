import { describe, expect, it } from "vitest";
import type { StatusReport, StatusResult } from "../../protocol/agent.ts";
import type { PodStatus } from "../../protocol/kubernetes/generated/types.ts";
import { FakeClock, settle } from "../fake-clock.ts";
import { testPod } from "../pods/testing.ts";
import { Reporter } from "./reporter.ts";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const running: PodStatus = { phase: "Running" };
const pod = (name: string) => testPod({}, { metadata: { name, uid: name } as never });

function setUp(answers: (StatusResult | Error | Promise<StatusResult>)[] = []) {
  const clock = new FakeClock();
  const reports: StatusReport[] = [];
  const send = async (report: StatusReport): Promise<StatusResult> => {
    reports.push(report);
    const answer = await (answers.shift() ?? { refused: [] });
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { clock, reports, reporter: new Reporter({ clock, session: 2, send, log: silent }) };
}
const names = (report: StatusReport | undefined) => report?.pods.map(({ name }) => name);
const refusal = (code: number, message = "conflict"): StatusResult => ({ refused: [{ key: "pods/default/a", code, reason: "", message }] });

describe("Reporter", () => {
  it("gathers what happens together into one report", async () => {
    const { clock, reports, reporter } = setUp();
    reporter.status(pod("a"), running);
    reporter.status(pod("b"), running);
    reporter.event({ metadata: { name: "e", namespace: "default" }, involvedObject: {} });
    await clock.advance(15);
    expect(reports).toHaveLength(1);
    expect(names(reports[0])).toEqual(["a", "b"]);
    expect(reports[0]).toMatchObject({ session: 2, events: [{ metadata: { name: "e" } }] });
  });
  it("tells only the newest status of a pod", async () => {
    const { clock, reports, reporter } = setUp();
    reporter.status(pod("a"), { phase: "Pending" });
    reporter.status(pod("a"), running);
    await clock.advance(1000);
    expect(reports.map(({ pods }) => pods.map(({ status }) => status.phase))).toEqual([["Running"]]);
  });
  it("waits longer with a status that is soon outdated", async () => {
    const { clock, reports, reporter } = setUp();
    reporter.status(pod("a"), { phase: "Pending" });
    await clock.advance(249);
    expect(reports).toHaveLength(0);
    await clock.advance(1);
    expect(reports).toHaveLength(1);
  });
  it("has one report under way at a time", async () => {
    const first = Promise.withResolvers<StatusResult>();
    const { clock, reports, reporter } = setUp([first.promise]);
    reporter.status(pod("a"), running);
    await clock.advance(15);
    reporter.status(pod("b"), running);
    await clock.advance(1000);
    expect(reports).toHaveLength(1);
    first.resolve({ refused: [] });
    await settle();
    await clock.advance(0);
    expect(reports.map(names)).toEqual([["a"], ["b"]]);
  });
  it("sends again what did not arrive, after a while", async () => {
    const { clock, reports, reporter } = setUp([new Error("no link")]);
    reporter.status(pod("a"), running);
    reporter.terminated(pod("b"));
    await clock.advance(15);
    await clock.advance(1000);
    expect(reports).toHaveLength(2);
    expect(reports[1]).toMatchObject({ pods: [{ name: "a" }], terminated: [{ name: "b" }] });
  });
  it("lets a newer status take the place of one that did not arrive", async () => {
    const first = Promise.withResolvers<StatusResult>();
    const { clock, reports, reporter } = setUp([first.promise]);
    reporter.status(pod("a"), { phase: "Running" });
    await clock.advance(15);
    reporter.status(pod("a"), { phase: "Failed" });
    first.reject(new Error("no link"));
    await clock.advance(2000);
    expect(reports.at(-1)?.pods.map(({ status }) => status.phase)).toEqual(["Failed"]);
  });
  it.each([
    ["drops what is about a pod that is gone", refusal(404), 1],
    ["drops what is about another pod of that name", refusal(409, "Precondition failed: UID in precondition: a"), 1],
    ["tells again what lost a race", refusal(409), 2],
  ])("%s", async (_sentence, answer, reportsSent) => {
    const { clock, reports, reporter } = setUp([answer]);
    reporter.status(pod("a"), running);
    await clock.advance(15);
    await clock.advance(5000);
    expect(reports).toHaveLength(reportsSent);
  });
  it("sends what is left when the agent stops", async () => {
    const { clock, reports, reporter } = setUp();
    reporter.status(pod("a"), { phase: "Pending" });
    const stopped = reporter.stop(2000);
    await clock.advance(0);
    await stopped;
    expect(reports).toHaveLength(1);
  });
});
