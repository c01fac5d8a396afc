import { describe, expect, test } from "vitest";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { persistentVolumeClaims } from "../../resources/core/persistent-volume-claims.ts";
import { planner } from "../planner.ts";
import { contextWith, refusal } from "./testing.ts";

const context = contextWith({
  "storageclasses.storage.k8s.io": [
    { metadata: { name: "grows" }, provisioner: "example.com/p", allowVolumeExpansion: true },
    { metadata: { name: "stays" }, provisioner: "example.com/p" },
  ],
});

/** Asks for 1Gi; changed to ask for `size`. */
function resized(size: string, { className = "grows", phase = "Bound" } = {}): string {
  const spec = (storage: string) => ({ accessModes: ["ReadWriteOnce"], storageClassName: className, volumeName: "v", volumeMode: "Filesystem", resources: { requests: { storage } } });
  const metadata = { name: "x", namespace: "default", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };
  const status = { phase, capacity: { storage: "1Gi" } };
  const current: Stored<KubernetesObject> = { metadata, spec: spec("1Gi"), status };
  return refusal(() => planner.update({ resource: persistentVolumeClaims, current, next: { metadata: { ...metadata }, spec: spec(size), status }, context }));
}

describe("PersistentVolumeClaimResize", () => {
  const forbidden = '403 persistentvolumeclaims "x" is forbidden: ';
  const unsupported = `${forbidden}only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize`;

  test.each([
    ["a bound claim grows where its class allows it", "2Gi", {}, "not refused"],
    ["not where its class does not", "2Gi", { className: "stays" }, unsupported],
    ["not where its class is not there", "2Gi", { className: "gone" }, unsupported],
    ["the same size in other words is no change", "1024Mi", { className: "stays" }, "not refused"],
  ])("%s", (_, size, options, outcome) => {
    expect(resized(size, options)).toBe(outcome);
  });

  test("an unbound claim does not grow, by the kind's own rules already", () => {
    expect(resized("2Gi", { phase: "Pending" })).toMatch(/^422 .*spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims/);
  });
});
