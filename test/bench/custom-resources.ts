/** Creates of custom resources whose definition has a schema with rules in CEL, beside creates of ConfigMaps. */
import { eventually } from "../e2e/harness/eventually.ts";
import { assert, type Context, configMap, core, type Figures } from "./measures.ts";
import { percentile, rounded, sideBySide } from "./statistics.ts";

const group = "bench.kedge.dev";
const name = `backups.${group}`;
const count = 2000;
const alone = 300;

const text = { type: "string", minLength: 1, maxLength: 64 };
const spec = {
  type: "object",
  required: ["schedule", "retention", "targets"],
  properties: {
    schedule: { ...text, pattern: "^[0-9*/, -]+$" },
    retention: { type: "object", properties: { min: { type: "integer", minimum: 0, default: 1 }, max: { type: "integer", maximum: 100 } } },
    targets: {
      type: "array",
      maxItems: 10,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: { type: "object", required: ["name", "url"], properties: { name: text, url: { ...text, maxLength: 256 }, weight: { type: "integer", default: 1 } } },
    },
  },
  "x-kubernetes-validations": [
    { rule: "!has(self.retention.max) || self.retention.min <= self.retention.max", message: "min is at most max" },
    { rule: "self.targets.all(t, t.url.startsWith('https://'))", message: "targets are reached over https" },
    { rule: "self.targets.map(t, t.weight).sum() > 0", message: "some target has a weight" },
  ],
};

const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name },
  spec: {
    group,
    scope: "Namespaced",
    names: { plural: "backups", singular: "backup", kind: "Backup", listKind: "BackupList" },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", required: ["spec"], properties: { spec } } } }],
  },
};

function backup(name: string): unknown {
  const targets = ["one", "two", "three"].map((target) => ({ name: target, url: `https://${target}.example.com/${"x".repeat(200)}`, weight: 2 }));
  return { apiVersion: `${group}/v1`, kind: "Backup", metadata: { name }, spec: { schedule: "*/5 * * * *", retention: { min: 1, max: 5 }, targets } };
}

export async function customResources({ target, namespace }: Context): Promise<Figures> {
  const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const path = `/apis/${group}/v1/namespaces/${namespace}/backups`;
  await target.remove(`${definitions}/${name}`);
  await target.call("POST", definitions, definition);
  try {
    await eventually(async () => assert((await target.send("GET", path)).status === 200, "the kind is not served"));
    const custom = await created((index) => target.call("POST", path, backup(`backup-${index}`)));
    const builtIn = await created((index) => target.call("POST", core(namespace, "configmaps"), configMap(`map-${index}`)));
    return {
      "custom resource creates/s at 64 clients": custom.perSecond,
      "custom resource create p50 at 1 client, ms": custom.p50,
      "custom resource creates/s as a share of a ConfigMap's": rounded(custom.perSecond / builtIn.perSecond),
    };
  } finally {
    await target.remove(`${definitions}/${name}`);
  }
}

async function created(create: (index: string) => Promise<unknown>): Promise<{ perSecond: number; p50: number }> {
  await sideBySide({ count: 300, clients: 16 }, (index) => create(`warm-${index}`));
  const one = await sideBySide({ count: alone, clients: 1 }, (index) => create(`one-${index}`));
  const many = await sideBySide({ count, clients: 64 }, (index) => create(`many-${index}`));
  return { perSecond: many.perSecond, p50: percentile(one.times, 0.5) };
}
