import { describe, expect, test } from "vitest";
import { classify, configurationOf, type Digest } from "./classify.ts";
import { Gate } from "./gate.ts";
import { levelsOf, type Level } from "./levels.ts";
import { suggestedLevels, suggestedSchemas } from "./suggested.ts";

const suggested = configurationOf(suggestedSchemas, suggestedLevels);
const authenticated = "system:authenticated";

const read = (group: string, resource: string, namespace = "default"): Digest["request"] => ({ isResource: true, verb: "get", group, resource, subresource: "", namespace });

function said(configuration: typeof suggested, name: string, groups: string[], request: Digest["request"]): string {
  const found = classify(configuration, { user: { name, groups: [...groups, authenticated] }, request });
  return found === undefined ? "nothing" : `${found.schema.name} → ${found.level.name}, ${found.flow}`;
}

describe("a request is", () => {
  test.each([
    ["the admin's", "kubernetes-admin", ["system:masters"], read("", "pods"), "exempt → exempt, exempt/"],
    ["a node's about itself", "system:node:a", ["system:nodes"], read("", "nodes", ""), "system-node-high → node-high, system-node-high/system:node:a"],
    ["a node's about its pods", "system:node:a", ["system:nodes"], read("", "pods"), "system-nodes → system, system-nodes/system:node:a"],
    ["a leader's lease", "system:serviceaccount:kube-system:x", ["system:serviceaccounts"], read("coordination.k8s.io", "leases"), "system-leader-election → leader-election, system-leader-election/system:serviceaccount:kube-system:x"],
    ["a system account's", "system:serviceaccount:kube-system:x", ["system:serviceaccounts"], read("", "pods"), "kube-system-service-accounts → workload-high, kube-system-service-accounts/default"],
    ["a workload's", "system:serviceaccount:default:x", ["system:serviceaccounts"], read("", "pods"), "service-accounts → workload-low, service-accounts/system:serviceaccount:default:x"],
    ["anybody's", "ann", [], read("", "pods"), "global-default → global-default, global-default/ann"],
    ["a probe's", "ann", [], { isResource: false, verb: "get", path: "/readyz" } as const, "probes → exempt, probes/"],
    ["of another path", "ann", [], { isResource: false, verb: "get", path: "/metrics" } as const, "global-default → global-default, global-default/ann"],
  ])("%s", (_what, name, groups, request, expected) => {
    expect(said(suggested, name, groups, request)).toBe(expected);
  });

  test("of the mandatory schemas, whatever is stored", () => {
    const bare = configurationOf([], []);
    expect(said(bare, "admin", ["system:masters"], read("", "pods"))).toBe("exempt → exempt, exempt/");
    expect(said(bare, "ann", [], read("", "pods"))).toBe("catch-all → catch-all, catch-all/ann");
  });

  test("of the schema with the lowest precedence that names a level that there is", () => {
    const own = (name: string, level: string, matchingPrecedence: number) => ({
      metadata: { name },
      spec: {
        priorityLevelConfiguration: { name: level },
        matchingPrecedence,
        rules: [{ subjects: [{ kind: "User", user: { name: "ann" } }], resourceRules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods/log"], namespaces: ["a"] }] }],
      },
    });
    const configuration = configurationOf([...suggestedSchemas, own("dangling", "nowhere", 10), own("b", "system", 20), own("a", "node-high", 20)], suggestedLevels);
    const log = { ...read("", "pods", "a"), subresource: "log" } as Digest["request"];
    expect(said(configuration, "ann", [], log)).toBe("a → node-high, a/");
    expect(said(configuration, "ann", [], { ...read("", "pods", "b"), subresource: "log" } as typeof log)).toBe("global-default → global-default, global-default/ann");
  });
});

test("seats are divided by shares, and some are lent", () => {
  const levels = levelsOf(suggestedLevels, 245);
  const seats = [...levels.values()].map(({ name, minimum }) => `${name} ${minimum}`);
  expect(seats).toEqual(["exempt 0", "catch-all 5", "system 20", "node-high 30", "leader-election 10", "workload-high 20", "workload-low 10", "global-default 10"]);
});

const level = (name: string, own: Partial<Level> = {}): Level => ({
  name,
  uid: "",
  isExempt: false,
  minimum: 2,
  maximum: 10,
  queuing: { queues: 64, handSize: 4, lengthLimit: 3 },
  ...own,
});

describe("the gate", () => {
  const high = level("high");
  const low = level("low");
  const open = (total = 10) => {
    const gate = new Gate(total);
    gate.configure([high, low]);
    return gate;
  };

  test("lends what others do not keep for themselves, and no more", () => {
    const gate = open();
    const seated = Array.from({ length: 12 }, () => gate.enter(low, "flood", 0)).filter((ticket) => ticket?.isSeated);
    expect(seated).toHaveLength(8);
    expect(gate.enter(high, "quiet", 0)?.isSeated).toBe(true);
  });

  test("a flood fills its own queue, is refused beyond it, and another flow goes on", () => {
    const gate = open(4);
    const tickets = Array.from({ length: 50 }, () => gate.enter(low, "flood", 0));
    expect(tickets.filter((ticket) => ticket?.isSeated)).toHaveLength(2);
    expect(tickets.filter((ticket) => ticket === undefined).length).toBeGreaterThan(30);
    const quiet = gate.enter(low, "quiet", 0);
    expect(quiet?.isSeated).toBe(false);
    // Seats go round the queues: the quiet one does not wait behind the whole flood.
    let turns = 0;
    for (const ticket of tickets.slice(0, 2)) gate.leave(ticket ?? fail());
    while (quiet !== undefined && !gate.ask(quiet, 1) && turns < 20) {
      turns += 1;
      const next = tickets.find((ticket) => ticket?.isSeated === true && !left.has(ticket));
      if (next === undefined) break;
      left.add(next);
      gate.leave(next);
    }
    expect(turns).toBeLessThan(8);
  });

  const left = new Set<unknown>();
  const fail = (): never => {
    throw new Error("no ticket");
  };

  test("a level without queues refuses at once", () => {
    const gate = new Gate(1);
    const strict = level("strict", { minimum: 1, maximum: 1 });
    const { queuing: _queuing, ...bare } = strict;
    gate.configure([bare]);
    expect(gate.enter(bare, "a", 0)?.isSeated).toBe(true);
    expect(gate.enter(bare, "a", 0)).toBeUndefined();
  });

  test("what went away without a word loses its seat, and its place", () => {
    const gate = new Gate(1);
    const one = level("one", { minimum: 1, maximum: 1 });
    gate.configure([one]);
    gate.enter(one, "gone", 0);
    const silent = gate.enter(one, "silent", 0);
    const patient = gate.enter(one, "patient", 0) ?? fail();
    expect([silent?.isSeated, gate.ask(patient, 70_000)]).toEqual([false, false]);
    expect(gate.ask(patient, 76_000)).toBe(true);
    expect(gate.counts().get("one")).toEqual({ executing: 1, waiting: 0 });
  });

  test("leaving twice changes nothing", () => {
    const gate = open();
    const ticket = gate.enter(high, "a", 0) ?? fail();
    gate.leave(ticket);
    gate.leave(ticket);
    expect(gate.counts().get("high")).toEqual({ executing: 0, waiting: 0 });
  });
});
