import { describe, expect, test } from "vitest";
import type { Pod } from "../../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { resourceOf } from "../../resources/registry.ts";
import { planner } from "../planner.ts";
import { admitted, contextWith, pod, refusal } from "./testing.ts";

const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

function within(account: object | undefined) {
  const found = new Map<string, Stored<KubernetesObject>>();
  const object = { ...account, metadata: { name: "default", namespace: "default", resourceVersion: "7", ...(account as KubernetesObject)?.metadata } };
  if (account !== undefined) found.set("serviceaccounts/default/default", object as Stored<KubernetesObject>);
  return { ...contextWith({ namespaces: [{ metadata: { name: "default" } }] }), found };
}

const made = (object: KubernetesObject, account: object = {}) => admitted<Pod>(object, within(account));
const mountsOf = ({ spec }: Pod) => spec?.containers.map(({ volumeMounts }) => volumeMounts);

describe("a pod's service account", () => {
  test("is the namespace's own, and its token lies where containers look for it", () => {
    const { spec } = made(pod({ initContainers: [{ name: "i", image: "app:1" }] }));
    expect(spec).toMatchObject({ serviceAccountName: "default", serviceAccount: "default" });
    const mount = { name: "kube-api-access-xxxxx", readOnly: true, mountPath };
    expect([...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ volumeMounts }) => volumeMounts)).toEqual([[mount], [mount]]);
    expect(spec?.volumes).toEqual([{
      name: "kube-api-access-xxxxx",
      projected: {
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
          { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
          { downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] } },
        ],
        defaultMode: 420,
      },
    }]);
  });

  test("must still be what was looked at when the pod is written", () => {
    const object = pod();
    const { operation } = planner.create(resourceOf(object)!, object, within({}));
    expect(operation.requires).toContainEqual({ key: "serviceaccounts/default/default", is: "present", revision: 7 });
  });

  test.each<[string, object, object]>([
    ["the pod does not want it", { automountServiceAccountToken: false }, {}],
    ["the account does not want it", {}, { automountServiceAccountToken: false }],
  ])("leaves no token where %s", (_what, spec, account) => {
    expect(made(pod(spec), account).spec?.volumes).toBeUndefined();
  });

  test("leaves a token where the pod wants it and the account does not", () => {
    expect(made(pod({ automountServiceAccountToken: true }), { automountServiceAccountToken: false }).spec?.volumes).toHaveLength(1);
  });

  test("leaves a container alone that has something of its own there", () => {
    const volumeMounts = [{ name: "own", mountPath }];
    const result = made(pod({ containers: [{ name: "c", image: "app:1", volumeMounts }, { name: "d", image: "app:1" }], volumes: [{ name: "own", emptyDir: {} }] }));
    expect(mountsOf(result)?.[0]).toEqual(volumeMounts);
    expect(mountsOf(result)?.[1]).toHaveLength(1);
  });

  test("gives its pull secrets to a pod that names none", () => {
    const account = { imagePullSecrets: [{ name: "registry" }] };
    expect(made(pod(), account).spec?.imagePullSecrets).toEqual([{ name: "registry" }]);
    expect(made(pod({ imagePullSecrets: [{ name: "own" }] }), account).spec?.imagePullSecrets).toEqual([{ name: "own" }]);
  });

  test("must be there", () => {
    const why = 'pods "x" is forbidden: error looking up service account default/default: serviceaccount "default" not found';
    expect(refusal(() => admitted(pod(), within(undefined)))).toBe(`403 ${why}`);
  });

  test.each<[string, object, string]>([
    ["a volume", { volumes: [{ name: "v", secret: { secretName: "other" } }] }, 'volume with secret.secretName="other" is not allowed because service account default does not reference that secret'],
    ["an environment", { containers: [{ name: "c", image: "app:1", env: [{ name: "E", valueFrom: { secretKeyRef: { name: "other", key: "k" } } }] }] }, 'container envVar c with referencing secret.secretName="other" is not allowed because service account default does not reference that secret'],
    ["a pull", { imagePullSecrets: [{ name: "other" }] }, 'imagePullSecrets[].name="other" is not allowed because service account default does not reference that imagePullSecret'],
  ])("may allow its pods no Secrets but its own in %s", (_what, spec, why) => {
    const account = { metadata: { annotations: { "kubernetes.io/enforce-mountable-secrets": "true" } }, secrets: [{ name: "own" }] };
    expect(refusal(() => made(pod(spec), account))).toBe(`403 pods "x" is forbidden: ${why}`);
    expect(made(pod({ volumes: [{ name: "v", secret: { secretName: "own" } }] }), account).spec?.volumes).toHaveLength(2);
  });

  test.each<[string, object, string]>([
    ["an environment", { env: [{ name: "E", valueFrom: { secretKeyRef: { name: "other", key: "k" } } }] }, 'ephemeral container look with envVar E referencing secret.secretName="other" is not allowed because service account default does not reference that secret'],
    ["a whole environment", { envFrom: [{ secretRef: { name: "other" } }] }, 'ephemeral container look with envFrom referencing secret.secretName="other" is not allowed because service account default does not reference that secret'],
  ])("allows no others either to a container that comes later, in %s", (_what, container, why) => {
    const account = { metadata: { annotations: { "kubernetes.io/enforce-mountable-secrets": "true" } }, secrets: [{ name: "own" }] };
    const current = { ...made(pod(), account), status: {} } as Stored<Pod>;
    current.metadata.resourceVersion = "1";
    const added = (more: object) => planner.update({
      resource: resourceOf(current)!, current, subresource: "ephemeralcontainers", context: within(account),
      next: { ...current, spec: { ...current.spec, ephemeralContainers: [{ name: "look", image: "app:1", ...more }] } } as KubernetesObject,
    })?.object;
    expect(refusal(() => added(container))).toBe(`403 pods "x" is forbidden: ${why}`);
    expect(added({ envFrom: [{ secretRef: { name: "own" } }] })).toBeDefined();
  });

  test("is nothing that the pod of a node's file may have a token of", () => {
    const annotations = { "kubernetes.io/config.mirror": "x" };
    const volumes = [{ name: "v", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } }];
    expect(refusal(() => admitted(pod({ volumes }, { annotations })))).toBe('403 pods "x" is forbidden: a mirror pod may not use ServiceAccountToken volume projections');
  });
});
