import { describe, expect, it } from "vitest";
import type { Volume } from "../../protocol/kubernetes/generated/types.ts";
import { containerConfig } from "./container-config.ts";
import { testContainer, testPod } from "./testing.ts";

const image = { id: "sha256:app", repoDigests: [], repoTags: [], sizeBytes: 1 };
const files = { hostsFile: "/hosts", terminationMessageFile: "/message", nodeMemoryBytes: 1 };

function mountOf(volume: Omit<Volume, "name">, mount: object = {}) {
  const container = testContainer("main", { volumeMounts: [{ name: "v", mountPath: "/v", ...mount }] });
  const pod = testPod({ containers: [container], volumes: [{ name: "v", ...volume }] });
  const { mounts } = containerConfig(pod, { container, attempt: 0, image, env: new Map(), mountPaths: ["/host/v"], ...files });
  return mounts.find(({ containerPath }) => containerPath === "/v");
}

describe("a mount", () => {
  const rows: [sentence: string, volume: Omit<Volume, "name">, mount: object, isReadOnly: boolean][] = [
    ["of an emptyDir may be written", { emptyDir: {} }, {}, false],
    ["is read-only if it says so", { emptyDir: {} }, { readOnly: true }, true],
    ["of a ConfigMap is never written: the agent follows what it finds there", { configMap: { name: "c" } }, {}, true],
    ["of a Secret neither", { secret: { secretName: "s" } }, { subPath: "key" }, true],
    ["of the downward API neither", { downwardAPI: { items: [] } }, { readOnly: false }, true],
    ["of projected sources neither", { projected: { sources: [] } }, {}, true],
  ];
  it.each(rows)("%s", (_sentence, volume, mount, isReadOnly) => {
    expect(mountOf(volume, mount)?.readonly).toBe(isReadOnly);
  });
});
