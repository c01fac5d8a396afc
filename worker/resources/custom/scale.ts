/** The scale subresource of a custom resource: where its numbers are. */
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { isRecord } from "../../../protocol/kubernetes/equal.ts";
import type { Scaled } from "../resource.ts";
import type { Version } from "./json-schema.ts";

type Paths = NonNullable<NonNullable<Version["subresources"]>["scale"]>;

export function scaledBy({ specReplicasPath, statusReplicasPath, labelSelectorPath }: Paths): Scaled {
  return {
    path: specReplicasPath.slice(1),
    replicasOf: (object) => numberAt(object, specReplicasPath),
    statusReplicasOf: (object) => numberAt(object, statusReplicasPath) ?? 0,
    selectorOf(object) {
      const found = labelSelectorPath === undefined ? undefined : valueAt(object, labelSelectorPath);
      return typeof found === "string" ? found : "";
    },
    setReplicas: (object, replicas) => setAt(object, namesOf(specReplicasPath), replicas),
  };
}

/** `.spec.a.b` */
const namesOf = (path: string): string[] => path.split(".").slice(1);

function valueAt(object: KubernetesObject, path: string): unknown {
  return namesOf(path).reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), object);
}

function numberAt(object: KubernetesObject, path: string): number | undefined {
  const value = valueAt(object, path);
  return typeof value === "number" ? value : undefined;
}

function setAt(object: Record<string, unknown>, [name = "", ...rest]: string[], value: number): void {
  if (rest.length === 0) {
    object[name] = value;
    return;
  }
  const inner = isRecord(object[name]) ? { ...object[name] } : {};
  object[name] = inner;
  setAt(inner, rest, value);
}
