/** `/version`: a Kubernetes 1.35, and whose. */
import type { App } from "../context.ts";

const version = {
  major: "1",
  minor: "35",
  emulationMajor: "1",
  emulationMinor: "35",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "34",
  gitVersion: "v1.35.0+kedge",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "2025-12-17T00:00:00Z",
  goVersion: "none",
  compiler: "workerd",
  platform: "linux/amd64",
};

export function mountVersion(app: App): void {
  app.get("/version", (c) => c.json(version));
  app.get("/version/", (c) => c.json(version));
}
