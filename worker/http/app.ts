/**
 * The HTTP surface:
 *
 *     upgrade? → probes, join, poll ────────► answered without an identity, or with one that the hub verifies
 *         └─► authenticate → impersonate → authorize → version, discovery, OpenAPI, kedge's own, resources
 *
 * Whatever is thrown on the way ends in one funnel (./errors.ts).
 */
import { Hono } from "hono";
import { authenticate } from "./authenticate.ts";
import { authorize } from "./authorize.ts";
import type { App, HttpEnv } from "./context.ts";
import { mountCustomResources } from "./custom-resources.ts";
import { mountDiscovery } from "./discovery/discovery.ts";
import { notFound, onError } from "./errors.ts";
import { mountHealth } from "./health.ts";
import { impersonate } from "./impersonate.ts";
import { mountIssuerDiscovery, mountPublicIssuerDiscovery } from "./issuer-discovery.ts";
import { keyRoutes } from "./keys.ts";
import { mountMetrics } from "./metrics.ts";
import { joinRoutes, nodeRoutes, pollRoutes } from "./nodes.ts";
import { mountOpenApi } from "./discovery/openapi.ts";
import { mountResources } from "./resources.ts";
import { rejectOtherUpgrades } from "./upgrade.ts";
import { mountVersion } from "./discovery/version.ts";

export function createApp(): App {
  const app = new Hono<HttpEnv>({ strict: true });
  app.onError(onError);
  app.notFound(notFound);
  app.use(rejectOtherUpgrades);
  mountHealth(app);
  mountPublicIssuerDiscovery(app);
  app.route("/kedge/v1", joinRoutes);
  app.route("/kedge/v1", pollRoutes);
  app.use(authenticate, impersonate, authorize);
  mountVersion(app);
  mountDiscovery(app);
  mountOpenApi(app);
  mountCustomResources(app);
  mountMetrics(app);
  mountIssuerDiscovery(app);
  app.route("/kedge/v1", keyRoutes);
  app.route("/kedge/v1", nodeRoutes);
  mountResources(app);
  return app;
}
