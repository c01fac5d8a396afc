import { mkdtempSync, readFileSync, readlinkSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigMap, Secret, Volume } from "../../../protocol/kubernetes/generated/types.ts";
import type { PodObjects } from "../env/environment.ts";
import { testContainer, testPod } from "../testing.ts";
import { FakeClock } from "../../fake-clock.ts";
import { PodTokens, RefusedToken } from "./pod-tokens.ts";
import { VolumeError } from "./projection.ts";
import { Volumes } from "./volumes.ts";

let folder: string;
let configMaps: Record<string, ConfigMap>;
let secrets: Record<string, Secret>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kedge-volumes-"));
  configMaps = { settings: { data: { colour: "blue", size: "large" } } };
  secrets = { keys: { data: { token: Buffer.from("s3cret").toString("base64") } } };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const objects: PodObjects = { configMap: (_ns, name) => configMaps[name], secret: (_ns, name) => secrets[name], services: () => [] };
const context = { nodeName: "node-1", hostIps: [], podIps: ["10.0.0.5"], allocatable: { cpu: "4" } };

const tokens = new PodTokens({
  clock: new FakeClock(),
  request: (_pod, { audiences: [audience = ""] }) => (audience === "nobody" ? Promise.reject(new RefusedToken("no such audience")) : Promise.resolve({ token: `token for ${audience}`, expiresAtMs: Infinity })),
});

async function setUp(volume: Omit<Volume, "name">, spec = {}): Promise<string> {
  // The memory folder lies on disk here: mounting is for the end-to-end tests.
  const volumes = new Volumes({ podsDir: join(folder, "pods"), memoryDir: "/dev/shm/kedge-volumes-test" }, tokens);
  const pod = testPod({ containers: [testContainer("main", { resources: { limits: { memory: "64Mi" } } })], volumes: [{ name: "v", ...volume }], ...spec }, { metadata: { labels: { app: "web" } } });
  const path = (await volumes.setUp(pod, { objects, context })).get("v") ?? "";
  return path;
}
const read = (path: string, file: string): string => readFileSync(join(path, file), "utf8");
afterEach(() => rmSync("/dev/shm/kedge-volumes-test", { recursive: true, force: true }));

describe("Volumes", () => {
  it("writes each key of a ConfigMap to a file, reachable through a link that one rename swaps", async () => {
    const path = await setUp({ configMap: { name: "settings" } });
    expect(readdirSync(path).filter((name) => !name.startsWith(".."))).toEqual(["colour", "size"]);
    expect(read(path, "colour")).toBe("blue");
    expect(readlinkSync(join(path, "colour"))).toBe("..data/colour");
    expect(statSync(join(path, "colour")).mode & 0o777).toBe(0o644);
  });
  it("shows a changed ConfigMap, drops a key that is gone, and leaves no old folder", async () => {
    await setUp({ configMap: { name: "settings" } });
    configMaps = { settings: { data: { colour: "red" } } };
    const path = await setUp({ configMap: { name: "settings" } });
    expect(read(path, "colour")).toBe("red");
    expect(readdirSync(path).filter((name) => name !== "..data")).toHaveLength(2);
  });
  it("removes nothing beside the volume, whatever a container made of the link", async () => {
    const path = await setUp({ configMap: { name: "settings" } });
    const precious = mkdtempSync(join(folder, "precious-"));
    writeFileSync(join(precious, "kept"), "");
    rmSync(join(path, "..data"));
    symlinkSync(relative(path, precious), join(path, "..data"));
    configMaps = { settings: { data: { colour: "red" } } };
    expect(read(await setUp({ configMap: { name: "settings" } }), "colour")).toBe("red");
    expect(readdirSync(precious)).toEqual(["kept"]);
  });
  it("touches nothing when nothing changed", async () => {
    const before = readlinkSync(join(await setUp({ configMap: { name: "settings" } }), "..data"));
    expect(readlinkSync(join(await setUp({ configMap: { name: "settings" } }), "..data"))).toBe(before);
  });
  it("maps items to paths with modes", async () => {
    const path = await setUp({ secret: { secretName: "keys", items: [{ key: "token", path: "deep/t", mode: 0o400 }] } });
    expect(read(path, "deep/t")).toBe("s3cret");
    expect(statSync(join(path, "deep/t")).mode & 0o777).toBe(0o400);
  });
  it("keeps secrets in the memory folder", async () => {
    expect(await setUp({ secret: { secretName: "keys" } })).toMatch(/^\/dev\/shm\//);
  });
  it("keeps a service account's token in the memory folder, beside the other sources", async () => {
    const path = await setUp({ projected: { sources: [{ serviceAccountToken: { path: "token", audience: "vault" } }, { configMap: { name: "settings" } }] } });
    expect(path).toMatch(/^\/dev\/shm\//);
    expect(read(path, "token")).toBe("token for vault");
    expect(statSync(join(path, "token")).mode & 0o777).toBe(0o644);
    expect(read(path, "colour")).toBe("blue");
  });
  it("joins sources of a projected volume", async () => {
    const path = await setUp({ projected: { sources: [{ configMap: { name: "settings", items: [{ key: "size", path: "s" }] } }, { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } }] } });
    expect(read(path, "s")).toBe("large");
    expect(read(path, "labels")).toBe('app="web"');
  });
  it("writes resources of a container", async () => {
    const path = await setUp({ downwardAPI: { items: [{ path: "m", resourceFieldRef: { containerName: "main", resource: "limits.memory", divisor: "1Mi" } }] } });
    expect(read(path, "m")).toBe("64");
  });
  it("makes an emptyDir that everyone may write, and the group's if there is an fsGroup", async () => {
    expect(statSync(await setUp({ emptyDir: {} })).mode & 0o7777).toBe(0o777);
  });
  it("makes a missing hostPath folder on request", async () => {
    const path = join(folder, "made");
    expect(await setUp({ hostPath: { path, type: "DirectoryOrCreate" } })).toBe(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });
  it("makes an empty volume of an optional object that is missing", async () => {
    expect(readdirSync(await setUp({ configMap: { name: "no", optional: true } }))).toEqual([expect.stringMatching(/^\.\.\d/), "..data"]);
  });

  const failures: [string, Omit<Volume, "name">, string][] = [
    ["a missing ConfigMap", { configMap: { name: "no" } }, 'configmap "no" not found'],
    ["a missing Secret", { secret: { secretName: "no" } }, 'secret "no" not found'],
    ["a missing key", { configMap: { name: "settings", items: [{ key: "no", path: "x" }] } }, "configmap references non-existent config key: no"],
    ["a token that is refused", { projected: { sources: [{ serviceAccountToken: { path: "token", audience: "nobody" } }] } }, "failed to fetch token: no such audience"],
    ["a path that leaves the volume", { configMap: { name: "settings", items: [{ key: "size", path: "../x" }] } }, "invalid path: ../x"],
    ["a hostPath of another type", { hostPath: { path: "/etc", type: "File" } }, "hostPath type check failed: /etc is not a file"],
    ["a kind that is not supported", { persistentVolumeClaim: { claimName: "c" } }, "volumes of kind persistentVolumeClaim are not supported"],
  ];
  it.each(failures)("refuses %s", async (_sentence, volume, words) => {
    await expect(setUp(volume)).rejects.toThrow(new VolumeError(`MountVolume.SetUp failed for volume "v" : ${words}`));
  });

  it("does not follow a link out of a volume for a sub-path", async () => {
    const volumes = new Volumes({ podsDir: join(folder, "pods"), memoryDir: join(folder, "memory") }, tokens);
    const volume = mkdtempSync(join(folder, "volume-"));
    writeFileSync(join(folder, "outside"), "");
    symlinkSync(join(folder, "outside"), join(volume, "link"));
    await expect(volumes.subPath(testPod(), { volume, subPath: "link", container: "main", index: 0 })).rejects.toThrow('subpath "link" not within volume path');
  });
});
