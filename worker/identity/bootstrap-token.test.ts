import { describe, expect, test } from "vitest";
import type { Secret } from "../../protocol/kubernetes/generated/types.ts";
import { bootstrapTokenOf, bootstrapUser } from "./bootstrap-token.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const token = bootstrapTokenOf("abcdef.0123456789abcdef")!;

function secretOf(data: Record<string, string> = {}, rest: Partial<Secret> = {}): Secret {
  const all = { "token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true", ...data };
  return { type: "bootstrap.kubernetes.io/token", data: Object.fromEntries(Object.entries(all).map(([key, value]) => [key, btoa(value)])), ...rest };
}

describe("a bootstrap token", () => {
  test("has a form of its own", () => {
    expect(token).toEqual({ id: "abcdef", secret: "0123456789abcdef" });
    for (const other of ["ka.0123456789abcdef", "abcdef.0123456789abcde", "ABCDEF.0123456789abcdef", "a.b.c"]) expect(bootstrapTokenOf(other)).toBeUndefined();
  });

  test("makes a bootstrapper, in the groups that its Secret names", () => {
    const extra = secretOf({ "auth-extra-groups": "system:bootstrappers:workers, system:bootstrappers:eu", expiration: "2026-01-01T00:00:01Z" });
    expect(bootstrapUser(token, extra, now)).toEqual({
      name: "system:bootstrap:abcdef",
      groups: ["system:bootstrappers", "system:bootstrappers:workers", "system:bootstrappers:eu", "system:authenticated"],
    });
  });

  test.each<[string, Secret]>([
    ["another secret", secretOf({ "token-secret": "fedcba9876543210" })],
    ["another id", secretOf({ "token-id": "ghijkl" })],
    ["another type", secretOf({}, { type: "Opaque" })],
    ["another use", secretOf({ "usage-bootstrap-authentication": "false" })],
    ["an end that has come", secretOf({ expiration: "2026-01-01T00:00:00Z" })],
    ["an end that is no time", secretOf({ expiration: "tomorrow" })],
    ["a group that is not a bootstrapper's", secretOf({ "auth-extra-groups": "system:masters" })],
    ["an end of its own", secretOf({}, { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } })],
  ])("is nobody's when its Secret has %s", (_what, secret) => {
    expect(bootstrapUser(token, secret, now)).toBeUndefined();
  });
});
