import { expect, test } from "vitest";
import { requestInfoOf, type RequestInfo } from "./request-info.ts";

function shown(info: RequestInfo): string {
  if (!info.isResource) return `${info.verb} path ${info.path}`;
  const { verb, group, version, namespace, resource, name, subresource } = info;
  return [verb, `${group}/${version}`, `ns=${namespace}`, resource, name, subresource].join(" ").trim();
}

test.each([
  ["GET", "/api/v1/pods", false, "list /v1 ns= pods"],
  ["GET", "/api/v1/pods", true, "watch /v1 ns= pods"],
  ["GET", "/api/v1/namespaces/n/pods/p", false, "get /v1 ns=n pods p"],
  ["GET", "/api/v1/namespaces/n/pods/p", true, "get /v1 ns=n pods p"],
  ["GET", "/api/v1/watch/pods", false, "watch /v1 ns= pods"],
  ["GET", "/api/v1/watch/namespaces/n/pods/p", false, "watch /v1 ns=n pods p"],
  ["GET", "/apis/apps/v1/watch/namespaces/n/deployments", false, "watch apps/v1 ns=n deployments"],
  ["DELETE", "/api/v1/watch/pods", false, "deletecollection /v1 ns= pods"],
  ["POST", "/api/v1/namespaces/n/pods/p/binding", false, "create /v1 ns=n pods p binding"],
  ["GET", "/api/v1/namespaces/n", false, "get /v1 ns= namespaces n"],
  ["PUT", "/api/v1/namespaces/n/finalize", false, "update /v1 ns= namespaces n finalize"],
  ["GET", "/api/v1/namespaces/n/status", false, "get /v1 ns= namespaces n status"],
  ["GET", "/api/v1/namespaces/n/events", false, "list /v1 ns=n events"],
  ["PATCH", "/apis/apps/v1/namespaces/n/deployments/d/scale", false, "patch apps/v1 ns=n deployments d scale"],
  ["DELETE", "/apis/apps/v1/namespaces/n/deployments", false, "deletecollection apps/v1 ns=n deployments"],
  ["DELETE", "/api/v1/nodes/n1", false, "delete /v1 ns= nodes n1"],
  ["GET", "/api/v1/namespaces/n/configmaps/a%3Ab", false, "get /v1 ns=n configmaps a:b"],
  ["OPTIONS", "/api/v1/pods", false, "other /v1 ns= pods"],
  ["GET", "/apis/apps/v1", false, "get path /apis/apps/v1"],
  ["GET", "/readyz", false, "get path /readyz"],
])("%s %s (watch: %s) is %s", (method, path, isWatch, expected) => {
  expect(shown(requestInfoOf(method, path, isWatch))).toBe(expected);
});
