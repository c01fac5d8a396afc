/** The agent's wire: join, poll, status, sessions, spoken by a fake agent against the whole Worker. */
import { applyD1Migrations, env, runInDurableObject, SELF } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import type { PollResponse } from "../../protocol/agent.ts";
import type { Node, Pod } from "../../protocol/kubernetes/generated/types.ts";
import { joinTokenKey } from "../../worker/nodes/join-token.ts";
import { asAdmin, FakeAgent, joinToken, newKeys, readyStatus, tryJoin, type Fetch } from "./fake-agent/fake-agent.ts";

const fetch: Fetch = (url, init) => SELF.fetch(url, init);

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

async function create(path: string, object: object): Promise<void> {
  const response = await asAdmin(fetch, path, { method: "POST", body: JSON.stringify(object) });
  if (response.status !== 201) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

async function read<T>(path: string): Promise<T> {
  return (await asAdmin(fetch, path)).json<T>();
}

async function status(path: string): Promise<{ code?: number; reason?: string; message?: string }> {
  return read(path);
}

function pod(name: string, spec: object = {}): object {
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers: [{ name: "c", image: "example:1" }], ...spec } };
}

/** Polls until an answer has what is waited for; each wait is the poll's own. */
async function pollFor(agent: FakeAgent, since: PollResponse, has: (answer: PollResponse) => boolean): Promise<PollResponse> {
  let last = since;
  for (let poll = 0; poll < 20; poll++) {
    last = await agent.poll({ since: last.revision, epoch: last.epoch, wait: true });
    if (has(last)) return last;
  }
  throw new Error(`not seen: ${JSON.stringify(last)}`);
}

/** Polls that the hub holds for a node. */
function openPolls(node: string): Promise<number> {
  return runInDurableObject(env.NODE_HUB.getByName("hub"), (_, state) => state.getWebSockets(node).length);
}

describe("join", () => {
  test("makes a Node with a pod CIDR of its own", async () => {
    const [one, two] = [await FakeAgent.join(fetch, "join-1"), await FakeAgent.join(fetch, "join-2")];
    const node = await read<Node>("/api/v1/nodes/join-1");
    expect(node.spec?.podCIDR).toBe(one.joined.podCidr);
    expect(node.status?.conditions?.[0]?.status).toBe("True");
    expect(one.joined.podCidr).toMatch(/^10\.244\.\d+\.0\/24$/);
    expect(two.joined.podCidr).not.toBe(one.joined.podCidr);
    expect(one.joined.dnsAddress).toBe("10.96.0.10");
  });

  test("spends its token", async () => {
    const token = await joinToken(fetch);
    const { publicKey } = await newKeys();
    expect((await tryJoin(fetch, token, "join-3", publicKey)).status).toBe(200);
    expect((await tryJoin(fetch, token, "join-4", publicKey)).status).toBe(401);
  });

  test("refuses a token that nobody made", async () => {
    const { publicKey } = await newKeys();
    expect((await tryJoin(fetch, `kj.${"a".repeat(43)}.`, "join-5", publicKey)).status).toBe(401);
  });

  test("refuses a token that is over, and forgets it with the next one", async () => {
    const token = await joinToken(fetch, { ttlSeconds: 0.001 });
    const { publicKey } = await newKeys();
    expect((await tryJoin(fetch, token, "join-6", publicKey)).status).toBe(401);
    const kept = async () => env.STORE.getByName("store").get(await joinTokenKey(token));
    expect(await kept()).toBeDefined();
    await joinToken(fetch);
    expect(await kept()).toBeUndefined();
  });

  test("does not take over a node whose agent is alive, unless the token names it", async () => {
    const agent = await FakeAgent.join(fetch, "join-7");
    await agent.poll();
    const { publicKey } = await newKeys();
    expect((await tryJoin(fetch, await joinToken(fetch), "join-7", publicKey)).status).toBe(409);
    const named = await joinToken(fetch, { nodeName: "join-7" });
    const again = await tryJoin(fetch, named, "join-7", publicKey);
    expect(await again.json()).toMatchObject({ podCidr: agent.joined.podCidr, session: agent.joined.session + 1 });
  });

  test("needs the admin for a token", async () => {
    const agent = await FakeAgent.join(fetch, "join-8");
    expect((await agent.request("/kedge/v1/jointokens", { method: "POST", body: "{}" })).status).toBe(403);
  });

  test("a revoked agent is nobody", async () => {
    const agent = await FakeAgent.join(fetch, "join-9");
    expect((await asAdmin(fetch, "/kedge/v1/nodes/join-9/agent", { method: "DELETE" })).status).toBe(200);
    expect((await agent.tryPoll({})).status).toBe(401);
  });

  test("a revoked agent's reports are refused at once, also with a token that was good a moment ago", async () => {
    const agent = await FakeAgent.join(fetch, "join-13");
    const headers = { Authorization: `Bearer ${await agent.token()}` };
    const body = JSON.stringify({ session: agent.session, pods: [], terminated: [], events: [] });
    const report = async () => (await agent.request("/kedge/v1/nodes/join-13/status", { method: "POST", headers, body })).status;
    expect(await report()).toBe(200);
    await asAdmin(fetch, "/kedge/v1/nodes/join-13/agent", { method: "DELETE" });
    expect(await report()).toBe(401);
  });

  test("a revoked agent's waiting poll ends at once, and the node may join again", async () => {
    const agent = await FakeAgent.join(fetch, "join-10");
    const { revision, epoch } = await agent.poll();
    const waiting = agent.tryPoll({ since: revision, epoch, wait: true });
    await expect.poll(async () => (await openPolls("join-10"))).toBe(1);
    await asAdmin(fetch, "/kedge/v1/nodes/join-10/agent", { method: "DELETE" });
    expect((await waiting).status).toBe(401);
    const again = await FakeAgent.join(fetch, "join-10");
    expect((await again.tryPoll({})).status).toBe(200);
    expect((await agent.tryPoll({})).status).toBe(401);
  });

  test("who joins again is heard, however often the agent before it was started", async () => {
    const agent = await FakeAgent.join(fetch, "join-12");
    expect((await agent.tryPoll({ session: agent.session + 7 })).status).toBe(200);
    await asAdmin(fetch, "/kedge/v1/nodes/join-12/agent", { method: "DELETE" });
    const again = await FakeAgent.join(fetch, "join-12");
    expect((await again.tryPoll({})).status).toBe(200);
  });

  test("who joins with another key takes over at once", async () => {
    const agent = await FakeAgent.join(fetch, "join-11");
    await agent.poll();
    const { publicKey } = await newKeys();
    expect((await tryJoin(fetch, await joinToken(fetch, { nodeName: "join-11" }), "join-11", publicKey)).status).toBe(200);
    expect((await agent.tryPoll({})).status).toBe(401);
  });
});

describe("poll and status", () => {
  test("a pod arrives with what it refers to, its status is stored, and its end removes it", async () => {
    const agent = await FakeAgent.join(fetch, "poll-1");
    const first = await agent.poll();
    expect(first.complete).toBe(true);
    await create("/api/v1/namespaces/default/configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "poll-cm" }, data: { a: "1" } });
    await create("/api/v1/namespaces/default/pods", pod("poll-pod", {
      nodeName: "poll-1",
      containers: [{ name: "c", image: "example:1", envFrom: [{ configMapRef: { name: "poll-cm" } }] }],
    }));
    const seen = await pollFor(agent, first, (answer) => answer.pods.some(({ metadata }) => metadata.name === "poll-pod"));
    expect(seen.complete).toBe(false);
    expect(seen.configMaps.map(({ metadata }) => metadata.name)).toContain("poll-cm");
    const { uid } = (seen.pods.find(({ metadata }) => metadata.name === "poll-pod") as { metadata: { uid: string } }).metadata;

    const identity = { namespace: "default", name: "poll-pod", uid };
    expect(await agent.report({ pods: [{ ...identity, status: { phase: "Running" } }] })).toEqual({ refused: [] });
    expect((await read<Pod>("/api/v1/namespaces/default/pods/poll-pod")).status?.phase).toBe("Running");

    await asAdmin(fetch, "/api/v1/namespaces/default/pods/poll-pod", { method: "DELETE" });
    await pollFor(agent, seen, (answer) => answer.pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined));
    expect(await agent.report({ terminated: [identity] })).toEqual({ refused: [] });
    expect((await status("/api/v1/namespaces/default/pods/poll-pod")).code).toBe(404);
  });

  test("an agent reports nobody else's pods", async () => {
    const agent = await FakeAgent.join(fetch, "poll-2");
    await create("/api/v1/namespaces/default/pods", pod("foreign", { nodeName: "elsewhere" }));
    const { metadata } = await read<Pod>("/api/v1/namespaces/default/pods/foreign");
    const identity = { namespace: "default", name: "foreign", uid: metadata?.uid ?? "" };
    const { refused } = await agent.report({ pods: [{ ...identity, status: { phase: "Running" } }] });
    expect(refused).toMatchObject([{ key: "pods/default/foreign", code: 403 }]);
    const other = await agent.report({ terminated: [{ ...identity, uid: "another" }] });
    expect(other.refused).toMatchObject([{ code: 409 }]);
  });

  test("a Node that was deleted is registered again when its agent reports it", async () => {
    const agent = await FakeAgent.join(fetch, "poll-7");
    await asAdmin(fetch, "/api/v1/nodes/poll-7", { method: "DELETE" });
    expect(await agent.report({ node: readyStatus })).toEqual({ refused: [] });
    const node = await read<Node>("/api/v1/nodes/poll-7");
    expect(node.spec?.podCIDR).toBe(agent.joined.podCidr);
    expect(node.metadata?.labels).toMatchObject({ "kubernetes.io/hostname": "poll-7" });
  });

  test("a revision from the future gets everything", async () => {
    const agent = await FakeAgent.join(fetch, "poll-3");
    const answer = await agent.poll({ since: 1_000_000_000 });
    expect(answer.complete).toBe(true);
    expect(answer.revision).toBeLessThan(1_000_000_000);
  });

  test("a clone fences the agent off that it was cloned from", async () => {
    const agent = await FakeAgent.join(fetch, "poll-4");
    await agent.poll();
    expect((await agent.tryPoll({ session: agent.session + 1 })).status).toBe(200);
    expect((await agent.tryPoll({})).status).toBe(409);
  });

  test("an agent polls for no other node", async () => {
    const agent = await FakeAgent.join(fetch, "poll-5");
    const body = JSON.stringify({ since: 0, session: 9, epoch: 0, wait: false });
    const response = await agent.request("/kedge/v1/nodes/poll-1/poll", { method: "POST", body });
    expect(response.status).toBe(403);
  });

  test("a poll that waits is answered when a Service changes", async () => {
    const agent = await FakeAgent.join(fetch, "poll-6");
    const first = await agent.poll();
    const waiting = pollFor(agent, first, ({ services }) => services.some(({ metadata }) => metadata.name === "poll-svc"));
    await create("/api/v1/namespaces/default/services", { apiVersion: "v1", kind: "Service", metadata: { name: "poll-svc" }, spec: { ports: [{ port: 80 }] } });
    expect((await waiting).complete).toBe(false);
  });
});

describe("streams", () => {
  async function runningPod(agent: FakeAgent, name: string): Promise<PollResponse> {
    const first = await agent.poll();
    await create("/api/v1/namespaces/default/pods", pod(name, { nodeName: agent.joined.nodeName }));
    const { metadata } = await read<Pod>(`/api/v1/namespaces/default/pods/${name}`);
    const status = {
      phase: "Running",
      containerStatuses: [{ name: "c", ready: true, restartCount: 0, image: "example:1", imageID: "x", containerID: "containerd://1", state: { running: {} } }],
    };
    await agent.report({ pods: [{ namespace: "default", name, uid: metadata?.uid ?? "", status }] });
    return first;
  }

  test("logs flow from the agent to the client", async () => {
    const agent = await FakeAgent.join(fetch, "stream-1");
    const first = await runningPod(agent, "talker");
    const answer = asAdmin(fetch, "/api/v1/namespaces/default/pods/talker/log?tailLines=5");
    const { sessions } = await pollFor(agent, first, ({ sessions: asked }) => asked.length > 0);
    expect(sessions).toMatchObject([{ verb: "logs", pod: "talker", container: "c", tailLines: 5, follow: false }]);
    const socket = await agent.dial(sessions[0]?.id ?? "");
    socket.send(JSON.stringify({ ready: true }));
    socket.send(new TextEncoder().encode("hello\n"));
    socket.send(new TextEncoder().encode("world\n"));
    socket.close(1000, "done");
    const response = await answer;
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("hello\nworld\n");
  });

  test("an agent's refusal is the client's answer", async () => {
    const agent = await FakeAgent.join(fetch, "stream-2");
    const first = await runningPod(agent, "mute");
    const answer = asAdmin(fetch, "/api/v1/namespaces/default/pods/mute/log");
    const { sessions } = await pollFor(agent, first, ({ sessions: asked }) => asked.length > 0);
    const socket = await agent.dial(sessions[0]?.id ?? "");
    socket.send(JSON.stringify({ error: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", code: 404, reason: "NotFound", message: "no log" } }));
    const response = await answer;
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ message: "no log" });
  });

  test("exec passes frames both ways and ends with the agent", async () => {
    const agent = await FakeAgent.join(fetch, "stream-3");
    const first = await runningPod(agent, "shell");
    const opened = asAdmin(fetch, "/api/v1/namespaces/default/pods/shell/exec?command=sh&command=-c&stdin=true&stdout=true", {
      headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": "v5.channel.k8s.io" },
    });
    const { sessions } = await pollFor(agent, first, ({ sessions: asked }) => asked.length > 0);
    expect(sessions).toMatchObject([{ verb: "exec", command: ["sh", "-c"], stdin: true, stdout: true, stderr: false, tty: false }]);
    const far = await agent.dial(sessions[0]?.id ?? "");
    const typed = nextMessage(far);
    far.send(JSON.stringify({ ready: true }));
    const response = await opened;
    expect(response.status).toBe(101);
    expect(response.headers.get("sec-websocket-protocol")).toBe("v5.channel.k8s.io");
    const near = response.webSocket;
    if (!near) throw new Error("no socket");
    near.accept();
    near.send(new Uint8Array([0, 104, 105]));
    expect(await typed).toEqual([0, 104, 105]);
    const printed = nextMessage(near);
    far.send(new Uint8Array([1, 111, 107]));
    expect(await printed).toEqual([1, 111, 107]);
    const closed = new Promise<number>((resolve) => near.addEventListener("close", ({ code }) => resolve(code)));
    far.close(1000, "done");
    expect(await closed).toBe(1000);
  });

  test("what a pod does not read waits, and is not lost", async () => {
    const agent = await FakeAgent.join(fetch, "stream-6");
    const first = await runningPod(agent, "slow");
    const opened = asAdmin(fetch, "/api/v1/namespaces/default/pods/slow/exec?command=cat&stdin=true&stdout=true", {
      headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": "v4.channel.k8s.io" },
    });
    const { sessions } = await pollFor(agent, first, ({ sessions: asked }) => asked.length > 0);
    const far = await agent.dial(sessions[0]?.id ?? "");
    far.binaryType = "arraybuffer";
    const received: number[] = [];
    far.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") received.push(new Uint8Array(data as ArrayBuffer)[1] ?? -1);
    });
    far.send(JSON.stringify({ ready: true }));
    const near = (await opened).webSocket;
    if (!near) throw new Error("no socket");
    near.accept();
    const [chunk, count] = [64 * 1024, 48];
    for (let at = 0; at < count; at++) near.send(new Uint8Array(chunk).fill(at, 1));
    // The window is 1 MiB: sixteen chunks, and then nothing until the agent grants more.
    await expect.poll(() => received.length).toBe(16);
    far.send(JSON.stringify({ credit: chunk * 4 }));
    await expect.poll(() => received.length).toBe(20);
    far.send(JSON.stringify({ credit: chunk * count }));
    await expect.poll(() => received.length).toBe(count);
    expect(received).toEqual(Array.from({ length: count }, (_, at) => at));
    near.close(1000, "done");
  });

  test("a session id works for no other node, and once", async () => {
    const [agent, thief] = [await FakeAgent.join(fetch, "stream-4"), await FakeAgent.join(fetch, "stream-5")];
    const first = await runningPod(agent, "guarded");
    const answer = asAdmin(fetch, "/api/v1/namespaces/default/pods/guarded/log");
    const { sessions } = await pollFor(agent, first, ({ sessions: asked }) => asked.length > 0);
    const id = sessions[0]?.id ?? "";
    await expect(thief.dial(id)).rejects.toThrow("404");
    const socket = await agent.dial(id);
    await expect(agent.dial(id)).rejects.toThrow("404");
    socket.send(JSON.stringify({ ready: true }));
    socket.close(1000, "done");
    expect(await (await answer).text()).toBe("");
  });

  test("a node without an agent says so", async () => {
    await create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "hollow" } });
    await create("/api/v1/namespaces/default/pods", pod("unreachable", { nodeName: "hollow" }));
    const answer = await asAdmin(fetch, "/api/v1/namespaces/default/pods/unreachable/exec?command=ls&stdout=true", {
      headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": "v5.channel.k8s.io" },
    });
    expect(await answer.json()).toMatchObject({ code: 500, message: expect.stringContaining('node "hollow" is not connected') as string });
  });

  test("what is not running says so to a client that fell back to SPDY", async () => {
    const agent = await FakeAgent.join(fetch, "stream-idle");
    await create("/api/v1/namespaces/default/pods", pod("resting", { nodeName: "stream-idle" }));
    await agent.poll();
    const headers = { Upgrade: "SPDY/3.1" };
    const exec = "/api/v1/namespaces/default/pods/resting/exec?command=ls&stdout=true";
    const resting = await asAdmin(fetch, exec, { method: "POST", headers });
    expect(await resting.json()).toMatchObject({ code: 500, message: 'Internal error occurred: unable to upgrade connection: container not found ("c")' });
  });

  test.each([
    ["a container that is not there", "container=nope", "container nope is not valid for pod waiting"],
    ["a container that has not begun", "", 'container "c" in pod "waiting" is not available'],
    ["a negative tail", "tailLines=-1", 'PodLogOptions "waiting" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0'],
  ])("logs of %s are refused", async (_, query, message) => {
    await asAdmin(fetch, "/api/v1/namespaces/default/pods", { method: "POST", body: JSON.stringify(pod("waiting", { nodeName: "elsewhere" })) });
    expect((await status(`/api/v1/namespaces/default/pods/waiting/log?${query}`)).message).toBe(message);
  });
});

function nextMessage(socket: WebSocket): Promise<number[]> {
  socket.binaryType = "arraybuffer";
  return new Promise((resolve) => {
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") resolve([...new Uint8Array(data as ArrayBuffer)]);
    });
  });
}
