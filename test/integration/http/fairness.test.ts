/** A flood from one client beside another client's requests, and what the metrics say of it all. */
import { beforeAll, expect, test } from "vitest";
import { call, namespace, prepare, send, WatchReader } from "./api.ts";

let path: string;

beforeAll(async () => {
  await prepare();
  path = `${await namespace("fairness")}/configmaps`;
  for (const name of ["flood", "quiet"]) {
    const subjects = [{ kind: "User", name, apiGroup: "rbac.authorization.k8s.io" }];
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" };
    await call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", { body: { metadata: { name }, subjects, roleRef } });
  }
});

const as = (user: string) => ({ headers: { "impersonate-user": user } });

test("a flood is refused beyond its queues, and nobody else notices", async () => {
  expect((await call("GET", path, as("quiet"))).status).toBe(200);
  const flood = Array.from({ length: 1_000 }, () => send("GET", path, as("flood")));
  const quiet = await Promise.all(Array.from({ length: 10 }, async () => (await call("GET", path, as("quiet"))).status));
  expect(quiet).toEqual(Array.from({ length: 10 }, () => 200));
  const answers = await Promise.all(flood.map(async (one) => {
    const response = await one;
    return { response, text: await response.text() };
  }));
  const refused = answers.filter(({ response }) => response.status === 429);
  expect(answers.filter(({ response }) => response.status === 200).length).toBeGreaterThan(100);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]?.response.headers.get("retry-after")).toBe("1");
  const flows = "/apis/flowcontrol.apiserver.k8s.io/v1";
  const uidOf = async (plural: string) => (await call("GET", `${flows}/${plural}/global-default`)).body.metadata.uid;
  expect(refused[0]?.response.headers.get("x-kubernetes-pf-flowschema-uid")).toBe(await uidOf("flowschemas"));
  expect(refused[0]?.response.headers.get("x-kubernetes-pf-prioritylevel-uid")).toBe(await uidOf("prioritylevelconfigurations"));
  expect(JSON.parse(refused[0]?.text ?? "")).toMatchObject({ kind: "Status", reason: "TooManyRequests", message: "Too many requests, please try again later." });
  // Every seat is free again.
  expect(await seatsOf("global-default")).toBe(0);
  const { text } = await call("GET", "/metrics");
  expect(text).toMatch(/apiserver_flowcontrol_rejected_requests_total\{priority_level="global-default",flow_schema="global-default",reason="queue-full"\} \d+/);
});

async function seatsOf(level: string): Promise<number> {
  const { text } = await call("GET", "/metrics");
  return Number(new RegExp(`apiserver_flowcontrol_current_executing_seats\\{priority_level="${level}"\\} (\\d+)`).exec(text)?.[1]);
}

test("the objects that say how are there, and a new one counts at once", async () => {
  const flows = "/apis/flowcontrol.apiserver.k8s.io/v1";
  const names = async (plural: string) => (await call("GET", `${flows}/${plural}`)).body.items.map(({ metadata }) => metadata.name);
  expect(await names("flowschemas")).toEqual(expect.arrayContaining(["exempt", "catch-all", "service-accounts", "global-default"]));
  expect(await names("prioritylevelconfigurations")).toEqual(expect.arrayContaining(["exempt", "catch-all", "workload-low", "leader-election"]));
  const limited = { type: "Limited", limited: { nominalConcurrencyShares: 1, limitResponse: { type: "Reject" } } };
  const level = await call("POST", `${flows}/prioritylevelconfigurations`, { body: { metadata: { name: "own" }, spec: limited } });
  const rules = [{ subjects: [{ kind: "User", user: { name: "quiet" } }], resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"] }] }];
  const schema = await call("POST", `${flows}/flowschemas`, {
    body: { metadata: { name: "own" }, spec: { matchingPrecedence: 5, priorityLevelConfiguration: { name: "own" }, rules } },
  });
  expect([level.status, schema.status]).toEqual([201, 201]);
  await call("GET", path, as("quiet"));
  const { headers } = await call("GET", path, as("quiet"));
  expect(headers.get("x-kubernetes-pf-flowschema-uid")).toBe(schema.body.metadata.uid);
  expect(headers.get("x-kubernetes-pf-prioritylevel-uid")).toBe(level.body.metadata.uid);
});

test("the admin is exempt", async () => {
  const answers = await Promise.all(Array.from({ length: 600 }, async () => (await call("GET", `${path}/kube-root-ca.crt`)).status));
  expect(answers.filter((status) => status === 429)).toEqual([]);
});

test("metrics count requests by what they were for", async () => {
  await call("POST", path, { body: { metadata: { name: "counted" } } });
  await call("GET", `${path}/nope`);
  await send("GET", "/api/v1/namespaces/fairness/made-up/x");
  const { text, headers } = await call("GET", "/metrics");
  expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const labels = 'dry_run="",group="",version="v1",resource="configmaps",subresource=""';
  expect(text).toMatch(new RegExp(`apiserver_request_total\\{verb="POST",${labels},scope="resource",component="apiserver",code="201"\\} \\d+`));
  expect(text).toMatch(new RegExp(`apiserver_request_total\\{verb="GET",${labels},scope="resource",component="apiserver",code="404"\\} 1`));
  expect(text).toMatch(new RegExp(`apiserver_request_duration_seconds_bucket\\{verb="LIST",${labels},scope="namespace",component="apiserver",le="\\+Inf"\\} \\d+`));
  expect(text).toMatch(/apiserver_current_inflight_requests\{request_kind="readOnly"\} 1/);
  expect(text).toMatch(/apiserver_storage_objects\{resource="configmaps"\} \d+/);
  expect(text).not.toContain("made-up");
});

test("an open watch is counted, until it ends", async () => {
  const open = async () => Number(/apiserver_longrunning_requests\{verb="WATCH",group="",version="v1",resource="secrets".*\} (\d+)/.exec((await call("GET", "/metrics")).text)?.[1] ?? 0);
  const reader = await WatchReader.open("/api/v1/secrets?watch=1&timeoutSeconds=1");
  expect(await open()).toBe(1);
  while ((await reader.next()) !== undefined);
  expect(await open()).toBe(0);
});

test("probes say what they looked at", async () => {
  const probe = async (rest: string) => {
    const response = await send("GET", rest, { token: "" });
    return [response.status, await response.text()];
  };
  expect(await probe("/readyz?verbose")).toEqual([200, "[+]ping ok\n[+]store ok\n[+]poststarthook/cluster-objects ok\nreadyz check passed\n"]);
  expect(await probe("/readyz?verbose&exclude=store")).toEqual([200, "[+]ping ok\n[+]store excluded: ok\n[+]poststarthook/cluster-objects ok\nreadyz check passed\n"]);
  expect(await probe("/livez")).toEqual([200, "ok"]);
  expect(await probe("/healthz/ping")).toEqual([200, "ok"]);
  expect(await probe("/healthz/nothing")).toEqual([404, "404 page not found\n"]);
});
