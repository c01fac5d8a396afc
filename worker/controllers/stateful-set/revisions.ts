/** ControllerRevisions: the templates that a StatefulSet had, for updates in parts and for `kubectl rollout undo`. */
import type { ControllerRevision, PodTemplateSpec, StatefulSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Action } from "../controller.ts";
import { isSame } from "../equality.ts";
import { controllerReference, isDeleting } from "../owner-references.ts";
import { templateHash } from "../template-hash.ts";

const hashLabel = "controller.kubernetes.io/hash";

/** A template under the name that pods carry in their label `controller-revision-hash`. */
export interface Revision {
  name: string;
  template: PodTemplateSpec;
}

export interface Revisions {
  current: Revision;
  update: Revision;
  collisionCount: number;
  actions: Action[];
}

/** The form that `kubectl rollout undo` applies as a strategic merge patch. */
const dataOf = (set: StatefulSet): Record<string, unknown> => ({ spec: { template: { ...set.spec?.template, $patch: "replace" } } });

export function revisionName(set: Stored<StatefulSet>): string {
  return `${set.metadata.name}-${templateHash(dataOf(set), set.status?.collisionCount)}`;
}

/**
 * The revision that pods are (being) brought to and the one they had before. A template that was there before gets
 * its old ControllerRevision back under a new number. `nameHolder` has the name that a new one would get.
 */
export function revisionsOf(
  set: Stored<StatefulSet>,
  owned: Stored<ControllerRevision>[],
  nameHolder: Stored<ControllerRevision> | undefined,
): Revisions {
  const history = owned.toSorted((a, b) => a.revision - b.revision);
  const collisionCount = set.status?.collisionCount ?? 0;
  const next = (history.at(-1)?.revision ?? 0) + 1;
  const found = history.findLast((revision) => isSame(revision.data, dataOf(set)));
  const currentName = set.status?.currentRevision;
  const current = history.find((revision) => revision.metadata.name === currentName);
  const result = (update: Revision, actions: Action[] = []): Revisions => ({
    update,
    current: current === undefined ? update : { name: current.metadata.name, template: templateOf(current) },
    collisionCount,
    actions,
  });
  if (found !== undefined) {
    const isNewest = found === history.at(-1);
    return result(updateOf(set, found.metadata.name), isNewest ? [] : [{ type: "update", object: { ...found, revision: next } }]);
  }
  if (nameHolder !== undefined) {
    return { ...result(updateOf(set, nameHolder.metadata.name)), collisionCount: collisionCount + 1 };
  }
  const created = newRevision(set, next);
  return result(updateOf(set, revisionName(set)), [{ type: "create", object: created }]);
}

const updateOf = (set: StatefulSet, name: string): Revision => ({ name, template: set.spec?.template ?? {} });

function newRevision(set: Stored<StatefulSet>, revision: number): ControllerRevision {
  const name = revisionName(set);
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name,
      namespace: set.metadata.namespace ?? "",
      labels: { ...set.spec?.template.metadata?.labels, [hashLabel]: name.slice(set.metadata.name.length + 1) },
      ...(set.metadata.annotations === undefined ? {} : { annotations: set.metadata.annotations }),
      ownerReferences: [controllerReference(set)],
    },
    data: dataOf(set),
    revision,
  };
}

function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  // Written by `newRevision`, in the form of `dataOf`.
  const { $patch: _patch, ...template } = (data as { spec: { template: PodTemplateSpec & { $patch?: string } } }).spec.template;
  return template;
}

/** Revisions that no pod has, beyond the limit, oldest first. */
export function expiredRevisions(set: StatefulSet, owned: Stored<ControllerRevision>[], used: ReadonlySet<string | undefined>): Action[] {
  const unused = owned.filter((revision) => !used.has(revision.metadata.name) && !isDeleting(revision));
  const excess = Math.max(0, unused.length - (set.spec?.revisionHistoryLimit ?? 10));
  return unused.toSorted((a, b) => a.revision - b.revision).slice(0, excess).map((object): Action => ({ type: "delete", object }));
}
