/** Warning headers, as kubectl prints them: what is told when an object is made, and when it changes. */
import { beforeAll, expect, it } from "vitest";
import { call, namespace, prepare, type Answer } from "./api.ts";

let ns: string;

beforeAll(async () => {
  await prepare();
  ns = await namespace("warnings");
});

const warningOf = ({ headers }: Answer): string | null => headers.get("warning");
const deployments = "/apis/apps/v1/namespaces/warnings/deployments";
const template = { metadata: { labels: { a: "b" } }, spec: { nodeSelector: { "beta.kubernetes.io/os": "linux" }, containers: [{ name: "c", image: "i" }] } };
const oldLabel = String.raw`299 - "spec.template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use \"kubernetes.io/os\" instead"`;

it("a workload's spec is told of when it is made and when it changes, and not when it gets a label", async () => {
  const made = await call("POST", deployments, { body: { metadata: { name: "web" }, spec: { selector: { matchLabels: { a: "b" } }, template } } });
  expect([made.status, warningOf(made)]).toEqual([201, oldLabel]);
  const patch = (body: object) => call("PATCH", `${deployments}/web`, { type: "application/merge-patch+json", body });
  expect(warningOf(await patch({ metadata: { labels: { new: "label" } } }))).toBeNull();
  expect(warningOf(await patch({ spec: { replicas: 0 } }))).toBe(oldLabel);
});

it("a dry run tells the same", async () => {
  const body = { metadata: { name: "web" }, spec: { clusterIP: "None", sessionAffinity: "ClientIP", ports: [{ port: 80 }] } };
  expect(warningOf(await call("POST", `${ns}/services?dryRun=All`, { body }))).toBe('299 - "spec.SessionAffinity is ignored for headless services"');
});

it("a custom resource's finalizer without a path is told of once", async () => {
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const spec = { group: "warn.example.com", scope: "Namespaced", names: { plural: "apps", kind: "App" }, versions: [{ name: "v1", served: true, storage: true, schema }] };
  await call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", { body: { metadata: { name: "apps.warn.example.com" }, spec } });
  const apps = "/apis/warn.example.com/v1/namespaces/warnings/apps";
  const body = { apiVersion: "warn.example.com/v1", kind: "App", metadata: { name: "x", finalizers: ["resources-finalizer.argocd.argoproj.io", "a.example.com/b"] } };
  const told = String.raw`299 - "metadata.finalizers: \"resources-finalizer.argocd.argoproj.io\": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers"`;
  expect(warningOf(await call("POST", apps, { body }))).toBe(told);
  expect(warningOf(await call("PATCH", `${apps}/x`, { type: "application/merge-patch+json", body: { metadata: { labels: { a: "b" } } } }))).toBeNull();
});
