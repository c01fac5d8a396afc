import { describe, expect, test } from "vitest";
import type { WriteOperation } from "../storage/store.ts";
import { aboutOf, refusalOf, type Refusal } from "./refusal.ts";

const index = { uid: "u", labels: {}, fields: {}, terms: [], generation: 1, isDeleting: false, isSettled: true };
const pod: WriteOperation = {
  verb: "create",
  key: "pods/n/p",
  text: "",
  index,
  requires: [{ key: "namespaces//n", is: "active" }],
};
const service: WriteOperation = {
  verb: "create",
  key: "services/n/s",
  text: "",
  index,
  claims: [{ kind: "clusterIP", value: "10.96.0.5" }, { kind: "nodePort", value: "30080" }],
};
const deployment: WriteOperation = { verb: "update", key: "deployments.apps/n/d", text: "", index, expect: { revision: 1, uid: "mine" } };
const found = { current: { revision: 1, uid: "other" } };

describe("refusalOf", () => {
  test.each<[string, Omit<Refusal, "ok">, WriteOperation, string]>([
    ["a name that is taken", { reason: "exists" }, pod, '409 pods "p" already exists'],
    ["an object that is gone", { reason: "not-found" }, deployment, '404 deployments.apps "d" not found'],
    ["an object that changed", { reason: "conflict" }, deployment, '409 Operation cannot be fulfilled on deployments.apps "d": the object has been modified; please apply your changes to the latest version and try again'],
    ["another object by now", { reason: "uid-mismatch", ...found }, deployment, '409 Operation cannot be fulfilled on deployments.apps "d": Precondition failed: UID in precondition: mine, UID in object meta: other'],
    ["a namespace that is not there", { reason: "requirement", at: 0 }, pod, '404 namespaces "n" not found'],
    ["a namespace that is going away", { reason: "requirement", at: 0, ...found }, pod, '403 pods "p" is forbidden: unable to create new content in namespace n because it is being terminated'],
    ["an address that is taken", { reason: "claimed", at: 0 }, service, '422 Service "s" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.5"]: failed to allocate IP 10.96.0.5: provided IP is already allocated'],
    ["a node port that is taken", { reason: "claimed", at: 1 }, service, '422 Service "s" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated'],
  ])("%s", (_what, result, operation, expected) => {
    const { code, message } = refusalOf({ ok: false, ...result }, operation);
    expect(`${code} ${message}`).toBe(expected);
  });
});

test("aboutOf reads a key", () => {
  expect(aboutOf("endpointslices.discovery.k8s.io/n/x")).toEqual({ group: "discovery.k8s.io", kind: "endpointslices", name: "x" });
  expect(aboutOf("nodes//n1")).toEqual({ group: "", kind: "nodes", name: "n1" });
});
