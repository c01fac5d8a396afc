/**
 * The state that a plan works towards: strategies scale ReplicaSets in the draft as upstream's code scales them
 * through the API, and see the sizes that they set; `actions()` is the difference to what was observed.
 */
import type { Deployment, DeploymentStatus, ReplicaSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Action } from "../controller.ts";
import { isSame } from "../equality.ts";
import { eventAction } from "../events.ts";
import { controllerReference } from "../owner-references.ts";
import { newestAnnotations, nextRevision, revisionAnnotation, sizeAnnotations } from "./annotations.ts";
import { newReplicasWithin, replicasOf } from "./size.ts";
import { byAge, hashLabel, isOfTemplate } from "./replica-sets.ts";

const component = "deployment-controller";

export class Draft {
  readonly deployment: Stored<Deployment>;
  readonly now: number;
  /** The status as far as the plan's steps brought it; starts as observed. */
  status: DeploymentStatus;
  created: ReplicaSet | undefined;
  readonly #observed: Map<string, Stored<ReplicaSet>>;
  readonly #current: Map<string, Stored<ReplicaSet>>;
  readonly #deleted = new Set<string>();
  readonly #events: Action[] = [];
  #annotations: Record<string, string>;

  constructor(deployment: Stored<Deployment>, replicaSets: Stored<ReplicaSet>[], now: number) {
    this.deployment = deployment;
    this.now = now;
    this.status = deployment.status ?? {};
    this.#observed = new Map(replicaSets.map((replicaSet) => [replicaSet.metadata.name, replicaSet]));
    this.#current = new Map(this.#observed);
    this.#annotations = deployment.metadata.annotations ?? {};
  }

  /** Oldest first. */
  get replicaSets(): Stored<ReplicaSet>[] {
    return [...this.#current.values()].toSorted(byAge);
  }

  /** The oldest one of the current template, if it exists in the store. */
  get newReplicaSet(): Stored<ReplicaSet> | undefined {
    return this.replicaSets.find((replicaSet) => isOfTemplate(replicaSet, this.deployment));
  }

  get oldReplicaSets(): Stored<ReplicaSet>[] {
    const newest = this.newReplicaSet?.metadata.name;
    return this.replicaSets.filter((replicaSet) => replicaSet.metadata.name !== newest);
  }

  /** The ReplicaSet with that size from now on, and an event that says so in Kubernetes' words. */
  scale(replicaSet: Stored<ReplicaSet>, replicas: number): void {
    const from = replicasOf(replicaSet);
    const annotations = { ...replicaSet.metadata.annotations, ...sizeAnnotations(this.deployment) };
    this.#put(replicaSet, { annotations, spec: { replicas } });
    if (from !== replicas) this.#recordScaling(replicaSet.metadata.name, from, replicas);
  }

  /** Gives the current template's ReplicaSet its revision, the Deployment's annotations and minReadySeconds. */
  syncNewReplicaSet(replicaSet: Stored<ReplicaSet>): void {
    const revision = nextRevision(this.oldReplicaSets);
    const annotations = newestAnnotations(this.deployment, replicaSet, revision);
    const minReadySeconds = this.deployment.spec?.minReadySeconds ?? 0;
    const isSameDelay = (replicaSet.spec?.minReadySeconds ?? 0) === minReadySeconds;
    this.#put(replicaSet, { annotations, spec: isSameDelay ? {} : { minReadySeconds } });
    this.#annotations = { ...this.#annotations, [revisionAnnotation]: annotations[revisionAnnotation] ?? "1" };
  }

  /** The current template's ReplicaSet, as large as the strategy lets it start. */
  create(hash: string): ReplicaSet {
    const { deployment } = this;
    const template = deployment.spec?.template;
    const labels = { ...template?.metadata?.labels, [hashLabel]: hash };
    const selector = deployment.spec?.selector ?? {};
    const replicas = newReplicasWithin(deployment, this.replicaSets, undefined);
    const revision = nextRevision(this.oldReplicaSets);
    this.created = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: `${deployment.metadata.name}-${hash}`,
        namespace: deployment.metadata.namespace ?? "",
        labels,
        annotations: { ...newestAnnotations(deployment, undefined, revision), ...sizeAnnotations(deployment) },
        ownerReferences: [controllerReference(deployment)],
      },
      spec: {
        replicas,
        ...(deployment.spec?.minReadySeconds === undefined ? {} : { minReadySeconds: deployment.spec.minReadySeconds }),
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
        template: { ...template, metadata: { ...template?.metadata, labels } },
      },
    };
    this.#annotations = { ...this.#annotations, [revisionAnnotation]: String(revision) };
    if (replicas > 0) this.#recordScaling(`${deployment.metadata.name}-${hash}`, 0, replicas);
    return this.created;
  }

  delete(replicaSet: Stored<ReplicaSet>): void {
    this.#deleted.add(replicaSet.metadata.name);
  }

  record(reason: string, message: string, type: "Normal" | "Warning" = "Normal"): void {
    this.#events.push(eventAction({ about: this.deployment, component, reason, type }, message));
  }

  actions(): Action[] {
    const actions: Action[] = this.created === undefined ? [] : [{ type: "create", object: this.created }];
    for (const [name, object] of this.#current) {
      if (this.#deleted.has(name)) actions.push({ type: "delete", object });
      else if (!isSame(object, this.#observed.get(name))) actions.push({ type: "update", object });
    }
    return [...actions, ...this.#deploymentActions(), ...this.#events];
  }

  #deploymentActions(): Action[] {
    const { deployment, status } = this;
    const { metadata } = deployment;
    const annotated = { ...deployment, metadata: { ...metadata, annotations: this.#annotations } };
    const isStatusChanged = !isSame(status, deployment.status);
    return [
      ...(isSame(this.#annotations, metadata.annotations) ? [] : [{ type: "update", object: annotated } as const]),
      ...(isStatusChanged ? [{ type: "update", object: { ...annotated, status }, subresource: "status" } as const] : []),
    ];
  }

  #put(replicaSet: Stored<ReplicaSet>, next: { annotations: Record<string, string>; spec: Partial<ReplicaSet["spec"]> }): void {
    const { metadata, spec } = replicaSet;
    const changed = { ...replicaSet, metadata: { ...metadata, annotations: next.annotations } };
    // The ReplicaSet came from the store, so it has a spec with a selector.
    this.#current.set(metadata.name, { ...changed, spec: { ...spec!, ...next.spec } });
  }

  #recordScaling(name: string, from: number, to: number): void {
    this.record("ScalingReplicaSet", `Scaled ${to > from ? "up" : "down"} replica set ${name} from ${from} to ${to}`);
  }
}
