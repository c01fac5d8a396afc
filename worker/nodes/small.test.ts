/** Tables of the small pure parts: credit, labels, addresses, tokens, conditions. */
import { describe, expect, test } from "vitest";
import { initialCreditBytes } from "../../protocol/session.ts";
import { granted, maySend, openWindow, passed, sent } from "./credit.ts";
import { formatJoinToken, isJoinToken, joinTokenKey } from "./join-token.ts";
import { conditionsOfLost, probeOf } from "./node-conditions.ts";
import { mayNodeSetLabel, refusedLabels } from "./node-restriction.ts";
import { freePodCidrs } from "./pod-cidr.ts";

describe("credit", () => {
  test("ends after a window and begins again with a grant", () => {
    const empty = sent(openWindow, initialCreditBytes);
    expect(maySend(openWindow)).toBe(true);
    expect(maySend(empty)).toBe(false);
    expect(maySend(granted(empty, 1))).toBe(true);
  });

  test("a message longer than what is left is not cut", () => {
    const over = sent(openWindow, initialCreditBytes + 5);
    expect(over.left).toBe(-5);
    expect(maySend(granted(over, 5))).toBe(false);
  });

  test("is granted in steps, and nothing is lost between them", () => {
    let window = openWindow;
    let total = 0;
    for (let message = 0; message < 1024; message++) {
      const step = passed(window, 1024);
      window = step.window;
      total += step.grant;
    }
    expect(total + window.ungranted).toBe(1024 * 1024);
    expect(window.ungranted).toBeLessThan(initialCreditBytes / 4);
  });
});

describe("labels that a node may set", () => {
  test.each([
    ["disk", true],
    ["example.com/rack", true],
    ["kubernetes.io/hostname", true],
    ["topology.kubernetes.io/zone", true],
    ["node.kubernetes.io/anything", true],
    ["sub.node.kubernetes.io/anything", true],
    ["kubelet.kubernetes.io/x", true],
    ["node-role.kubernetes.io/control-plane", false],
    ["node-restriction.kubernetes.io/x", false],
    ["kubernetes.io/other", false],
    ["my.k8s.io/x", false],
  ])("%s: %s", (label, may) => {
    expect(mayNodeSetLabel(label)).toBe(may);
  });

  test("only what differs counts", () => {
    const role = { "node-role.kubernetes.io/x": "" };
    expect(refusedLabels(role, role)).toEqual([]);
    expect(refusedLabels(role, {})).toEqual(["node-role.kubernetes.io/x"]);
  });
});

describe("pod CIDRs", () => {
  test.each([
    ["10.244.0.0/16", [], "10.244.0.0/24"],
    ["10.244.0.0/16", ["10.244.0.0/24", "10.244.1.0/24"], "10.244.2.0/24"],
    ["10.0.255.0/23", ["10.0.255.0/24"], "10.1.0.0/24"],
    ["10.244.7.0/24", ["10.244.7.0/24"], undefined],
  ])("of %s without %j begin with %s", (cidr, taken, first) => {
    expect(freePodCidrs(cidr, new Set(taken)).next().value).toBe(first);
  });

  test("of a /16 are 256", () => {
    expect([...freePodCidrs("10.244.0.0/16", new Set())]).toHaveLength(256);
  });
});

describe("join tokens", () => {
  const token = formatJoinToken(new Uint8Array(32).fill(255), "");

  test("carry 256 bits and the CA's hash", () => {
    expect(token).toBe(`kj.${"_".repeat(42)}8.`);
    expect(formatJoinToken(new Uint8Array(32), "h".repeat(43))).toMatch(/\.h{43}$/);
  });

  test("are kept as a hash", async () => {
    expect(await joinTokenKey("x")).toBe("_jointokens//2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
  });

  test.each([[token, true], ["kj..", false], [`${token}x`, false], ["", false]])("%s is one: %s", (text, is) => {
    expect(isJoinToken(text)).toBe(is);
  });
});

describe("the conditions of a lost node", () => {
  const now = "2026-01-01T00:00:00Z";
  const ready = { type: "Ready", status: "True", reason: "KubeletReady", message: "fine", lastHeartbeatTime: "T1", lastTransitionTime: "T0" };

  test("say what kube-controller-manager says", () => {
    const found = conditionsOfLost([{ type: "Custom", status: "True" }, ready], now);
    expect(found.map(({ type, status }) => `${type}=${status}`)).toEqual([
      "Custom=True", "Ready=Unknown", "MemoryPressure=Unknown", "DiskPressure=Unknown", "PIDPressure=Unknown",
    ]);
    expect(found[1]).toMatchObject({ reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status.", lastHeartbeatTime: "T1", lastTransitionTime: now });
    expect(found[2]).toMatchObject({ reason: "NodeStatusNeverUpdated", message: "Kubelet never posted node status." });
  });

  test("do not change again", () => {
    const once = conditionsOfLost([ready], now);
    expect(conditionsOfLost(once, "later")).toBe(once);
  });

  test("are no heartbeat", () => {
    const before = probeOf({ status: { conditions: [ready] } }, undefined);
    expect(probeOf({ status: { conditions: conditionsOfLost([ready], now) } }, undefined)).toBe(before);
    expect(probeOf({ status: { conditions: conditionsOfLost([], now) } }, undefined)).toBe(probeOf({}, undefined));
  });
});
