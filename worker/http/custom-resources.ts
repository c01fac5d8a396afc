/**
 * There are no CustomResourceDefinitions yet, and this says so: kubectl lists them before it tells a user that a kind is
 * unknown, and without an answer blames the server instead. Not in discovery, because nothing can be done with it.
 */
import type { App } from "./context.ts";

export function mountCustomResources(app: App): void {
  app.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", (c) =>
    c.json({ kind: "CustomResourceDefinitionList", apiVersion: "apiextensions.k8s.io/v1", metadata: { resourceVersion: "1" }, items: [] }));
}
