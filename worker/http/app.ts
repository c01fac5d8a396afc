/**
 * The HTTP surface:
 *
 *     resource? ─ no ─► audit → upgrade? → probes, join, poll ─► answered without an identity, or with one that the hub verifies
 *         │                         └─► authenticate → impersonate → a seat → authorize → version, discovery, OpenAPI, kedge's own
 *         └─ yes ─► audit → upgrade? → authenticate → impersonate → a seat → authorize → resources
 *
 * Nearly every request is for a resource. They have an app of their own, whose one route takes all: hono's router would
 * need a tenth of a GET's time to find out what ./request-info.ts reads off the path anyway.
 *
 * Whatever is thrown on the way ends in one funnel (./errors.ts).
 */
import { Hono } from "hono";
import { audit } from "./audit.ts";
import { authenticate } from "./authenticate.ts";
import { authorize } from "./authorize.ts";
import type { App, HttpEnv } from "./context.ts";
import { mountDiscovery } from "./discovery/discovery.ts";
import { notFound, onError } from "./errors.ts";
import { mountHealth } from "./discovery/health.ts";
import { fairness } from "./fairness.ts";
import { impersonate } from "./impersonate.ts";
import { mountIssuerDiscovery, mountPublicIssuerDiscovery } from "./issuer-discovery.ts";
import { keyRoutes } from "./keys.ts";
import { mountMetrics } from "./metrics/metrics.ts";
import { measure } from "./metrics/request-metrics.ts";
import { joinRoutes, nodeRoutes, pollRoutes } from "./nodes.ts";
import { mountOpenApi } from "./discovery/openapi.ts";
import { readRequestInfo } from "./read-request-info.ts";
import { mountResources } from "./resources.ts";
import { rejectOtherUpgrades } from "./upgrade.ts";
import { mountVersion } from "./discovery/version.ts";

/** `/api/v1/pods`, `/apis/apps/v1/deployments`, and what is below. */
const resourcePath = /^[a-z]+:\/\/[^/?#]*\/(?:api\/[^/?#]+|apis\/[^/?#]+\/[^/?#]+)\/[^/?#]/;

export function createApp(): Pick<App, "fetch"> {
  const resources = createResourcesApp();
  const others = createOthersApp();
  return { fetch: (request, env, ctx) => (resourcePath.test(request.url) ? resources : others).fetch(request, env, ctx) };
}

function createResourcesApp(): App {
  const app = newApp();
  app.use(authenticate, impersonate, readRequestInfo, fairness, authorize);
  mountResources(app);
  return app;
}

function createOthersApp(): App {
  const app = newApp();
  mountHealth(app);
  mountPublicIssuerDiscovery(app);
  app.route("/kedge/v1", joinRoutes);
  app.route("/kedge/v1", pollRoutes);
  app.use(authenticate, impersonate, readRequestInfo, fairness, authorize);
  mountVersion(app);
  mountDiscovery(app);
  mountOpenApi(app);
  mountMetrics(app);
  mountIssuerDiscovery(app);
  app.route("/kedge/v1", keyRoutes);
  app.route("/kedge/v1", nodeRoutes);
  return app;
}

function newApp(): App {
  const app = new Hono<HttpEnv>({ strict: true });
  app.onError(onError);
  app.notFound(notFound);
  app.use(measure, audit, rejectOtherUpgrades);
  return app;
}
