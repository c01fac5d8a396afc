import { beforeEach, describe, expect, it } from "vitest";
import { call, type Json, prepare } from "../http/api.ts";
import { created, freshNamespace, got, namesAt, patched, removed } from "./harness.ts";

beforeEach(prepare);

const range = (name: string, item: object, labels: Record<string, string> = {}) => ({ metadata: { name, labels }, spec: { limits: [{ type: "Container", ...item }] } });
const pod = (name: string, resources: object = {}) => ({ metadata: { name }, spec: { containers: [{ name: "c", image: "app:1", resources }] } });
const resourcesOf = ({ spec }: Json) => (spec["containers"] as Json[])[0]?.["resources"];

describe("limit ranges", () => {
  it("LimitRange, resources", async () => {
    const space = await freshNamespace("limits");
    const bounds = { min: { cpu: "50m", memory: "100Mi" }, max: { cpu: "500m", memory: "500Mi" } };
    const defaults = { default: { cpu: "500m", memory: "500Mi" }, defaultRequest: { cpu: "100m", memory: "200Mi" } };
    await created(`${space}/limitranges`, range("l", { ...bounds, ...defaults }));
    expect((await got(`${space}/limitranges/l`)).spec).toMatchObject({ limits: [{ ...bounds, ...defaults }] });
    expect(resourcesOf(await created(`${space}/pods`, pod("silent")))).toEqual({ requests: defaults.defaultRequest, limits: defaults.default });
    const some = { requests: { cpu: "300m", memory: "150Mi" }, limits: { cpu: "300m" } };
    expect(resourcesOf(await created(`${space}/pods`, pod("partial", some)))).toEqual({ requests: some.requests, limits: { cpu: "300m", memory: "500Mi" } });
    const little = await call("POST", `${space}/pods`, { body: pod("little", { requests: { cpu: "10m", memory: "50Mi" } }) });
    expect([little.status, little.body.message]).toEqual([403, 'pods "little" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m, minimum memory usage per Container is 100Mi, but request is 50Mi]']);
    const much = await call("POST", `${space}/pods`, { body: pod("much", { requests: { cpu: "600m" }, limits: { cpu: "600m" } }) });
    expect([much.status, much.body.message]).toEqual([403, expect.stringContaining("maximum cpu usage per Container is 500m, but limit is 600m")]);
    await patched(`${space}/limitranges/l`, { spec: { limits: [{ type: "Container", ...defaults, min: { cpu: "9m", memory: "49Mi" }, max: bounds.max }] } });
    await created(`${space}/pods`, pod("little", { requests: { cpu: "10m", memory: "50Mi" } }));
    await removed(`${space}/limitranges/l`);
    expect(resourcesOf(await created(`${space}/pods`, pod("free")))).toEqual({});
  });

  it("LimitRange, list, patch and delete a LimitRange by collection", async () => {
    const spaces = [await freshNamespace("limits"), await freshNamespace("limits")];
    for (const space of spaces) await created(`${space}/limitranges`, range("l", { max: { cpu: "1" } }, { both: "yes" }));
    expect(await namesAt("/api/v1/limitranges?labelSelector=both%3Dyes")).toEqual(["l", "l"]);
    const changed = await patched(`${spaces[0]}/limitranges/l`, { metadata: { labels: { l: "patched" } }, spec: { limits: [{ type: "Container", max: { cpu: "2" } }] } });
    expect(changed.spec).toMatchObject({ limits: [{ max: { cpu: "2" } }] });
    await removed(`${spaces[0]}/limitranges?labelSelector=l%3Dpatched`);
    expect(await namesAt("/api/v1/limitranges?labelSelector=both%3Dyes")).toEqual(["l"]);
  });
});
