import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Container, Probe } from "../../../protocol/kubernetes/generated/types.ts";
import { FakeClock, settle } from "../../fake-clock.ts";
import { FakeRuntime } from "../../runtime/fake/fake-runtime.ts";
import { testContainer } from "../testing.ts";
import { checkProbe } from "./check.ts";
import { ContainerProbes, type ProbeKind } from "./container-probes.ts";

function setUp(container: Partial<Container>, outcomes: Partial<Record<ProbeKind, boolean[]>>, wasReady = false) {
  const clock = new FakeClock();
  const whole = testContainer("main", container);
  const told: string[] = [];
  const probes = new ContainerProbes({
    container: whole,
    startedAtMs: clock.now(),
    clock,
    wasReady,
    check: (probe) => {
      const kind: ProbeKind = probe === whole.startupProbe ? "startup" : probe === whole.livenessProbe ? "liveness" : "readiness";
      const isSuccess = outcomes[kind]?.shift() ?? true;
      return Promise.resolve(isSuccess ? { isSuccess } : { isSuccess, output: "no" });
    },
    onChange: () => told.push("change"),
    onFailure: (kind) => told.push(kind),
  });
  return { clock, probes, told };
}
const probe: Probe = { periodSeconds: 5, failureThreshold: 2, successThreshold: 1 };

describe("ContainerProbes", () => {
  it("takes a container without probes as started, ready and alive at once", () => {
    expect(setUp({}, {}).probes.results).toEqual({ isStarted: true, isReady: true, isAlive: true });
  });
  it("makes it ready with the first success, at once after the start", async () => {
    const { clock, probes, told } = setUp({ readinessProbe: probe }, {});
    expect(probes.results.isReady).toBe(false);
    await clock.advance(0);
    expect(probes.results.isReady).toBe(true);
    expect(told).toEqual(["change"]);
  });
  it("waits for the initial delay", async () => {
    const { clock, probes } = setUp({ readinessProbe: { ...probe, initialDelaySeconds: 3 } }, {});
    await clock.advance(2999);
    expect(probes.results.isReady).toBe(false);
    await clock.advance(1);
    expect(probes.results.isReady).toBe(true);
  });
  it("takes readiness away after the failure threshold and gives it back", async () => {
    const { clock, probes } = setUp({ readinessProbe: probe }, { readiness: [true, false, false, true] });
    await clock.advance(5000);
    expect(probes.results.isReady).toBe(true);
    await clock.advance(5000);
    expect(probes.results.isReady).toBe(false);
    await clock.advance(5000);
    expect(probes.results.isReady).toBe(true);
  });
  it("keeps a ready container ready when the agent restarts", () => {
    expect(setUp({ readinessProbe: probe }, {}, true).probes.results.isReady).toBe(true);
  });
  it("declares the container dead after the liveness threshold", async () => {
    const { clock, probes, told } = setUp({ livenessProbe: probe }, { liveness: [true, false, false] });
    await clock.advance(9999);
    expect(probes.results.isAlive).toBe(true);
    await clock.advance(1);
    expect(probes.results).toMatchObject({ isAlive: false, failed: "liveness" });
    expect(told).toEqual(["liveness", "liveness", "change"]);
  });
  it("runs neither liveness nor readiness before the startup probe succeeded", async () => {
    const { clock, probes } = setUp({ startupProbe: probe, livenessProbe: probe, readinessProbe: probe }, { startup: [false, true], liveness: [false, false] });
    await clock.advance(0);
    expect(probes.results).toEqual({ isStarted: false, isReady: false, isAlive: true });
    await clock.advance(5000);
    expect(probes.results).toMatchObject({ isStarted: true, isReady: true, isAlive: true });
  });
  it("declares the container dead when the startup probe never succeeds", async () => {
    const { clock, probes } = setUp({ startupProbe: probe }, { startup: [false, false] });
    await clock.advance(5000);
    expect(probes.results).toMatchObject({ isStarted: false, isAlive: false, failed: "startup" });
  });
  it("asks nothing more once it is stopped", async () => {
    const { clock, probes, told } = setUp({ livenessProbe: probe }, { liveness: [false, false] });
    probes.stop();
    await clock.advance(60_000);
    expect(told).toEqual([]);
  });
});

describe("checkProbe", () => {
  let port = 0;
  const server = createServer((request, response) => {
    if (request.url === "/slow") return;
    response.statusCode = request.headers["x-key"] === "1" ? 200 : request.url === "/moved" ? 302 : 500;
    response.end();
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const check = (one: Probe, runtime = new FakeRuntime()) => checkProbe(runtime, one, { container: testContainer("main", { ports: [{ name: "web", containerPort: port }] }), containerId: "c", podIp: "127.0.0.1" });

  it("takes 200 to 399 as success, and finds a port by its name", async () => {
    expect(await check({ httpGet: { port: "web", httpHeaders: [{ name: "X-Key", value: "1" }] } })).toEqual({ isSuccess: true });
    expect(await check({ httpGet: { port, path: "/moved" } })).toEqual({ isSuccess: true });
  });
  it("tells the status code of a failure", async () => {
    expect(await check({ httpGet: { port } })).toEqual({ isSuccess: false, output: "HTTP probe failed with statuscode: 500" });
  });
  it("gives up after its timeout", async () => {
    const outcome = await check({ httpGet: { port, path: "/slow" }, timeoutSeconds: 0.05 });
    expect(outcome).toEqual({ isSuccess: false, output: `Get "http://127.0.0.1:${port}/slow": context deadline exceeded (Client.Timeout exceeded while awaiting headers)` });
  });
  it("connects to a port that listens, and says of one that does not that it refuses", async () => {
    expect(await check({ tcpSocket: { port } })).toEqual({ isSuccess: true });
    expect(await check({ tcpSocket: { port: 1 } })).toEqual({ isSuccess: false, output: "dial tcp 127.0.0.1:1: connect: connection refused" });
  });
  it("goes by a command's exit code", async () => {
    const runtime = new FakeRuntime();
    runtime.addImage("app:1");
    const sandbox = await runtime.runSandbox({ name: "p", uid: "u", logDirectory: "" } as Parameters<FakeRuntime["runSandbox"]>[0]);
    const id = await runtime.createContainer(sandbox, { name: "main", attempt: 0, image: "app:1", command: [] } as unknown as Parameters<FakeRuntime["createContainer"]>[1]);
    await runtime.startContainer(id);
    await settle();
    runtime.programs.set("check", { exitCode: 2, stdout: "not yet" });
    const outcome = await checkProbe(runtime, { exec: { command: ["check"] } }, { container: testContainer("main"), containerId: id, podIp: "" });
    expect(outcome).toEqual({ isSuccess: false, output: "not yet" });
  });
});
