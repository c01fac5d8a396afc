import { beforeAll, expect, it } from "vitest";
import { Budget } from "../budget.ts";
import type { AccessCheck, Authorizer, Cel } from "../cel.ts";
import { loadCel } from "../load.ts";

let cel: Cel;
beforeAll(async () => {
  cel = await loadCel();
});

/** Allows everybody to get, and says what was asked. */
const authorizer = (user: string): Authorizer => ({
  check: (asked: AccessCheck) => ({ isAllowed: asked.verb === "get", reason: `${user} ${JSON.stringify(asked)}` }),
  ofServiceAccount: (namespace, name) => authorizer(`${namespace}:${name}`),
});

function valueOf(expression: string): unknown {
  const compiled = cel.environment({ authorizer: "authorizer" }).compile(expression);
  if ("error" in compiled) return compiled.error.split("\n")[0];
  const asked = { group: "apps", resource: "deployments", subresource: "", namespace: "n", name: "web" };
  const result = compiled.evaluate({ authorizer: cel.authorizer(authorizer("me"), asked) }, new Budget(100_000));
  return "error" in result ? `error: ${result.error}` : cel.json(result.value);
}

const asked = (user: string, check: object) => `${user} ${JSON.stringify(check)}`;
const pods = { group: "", resource: "pods", subresource: "", namespace: "", name: "" };

it.each<[string, unknown]>([
  ["authorizer.group('').resource('pods').check('get').allowed()", true],
  ["authorizer.group('').resource('pods').check('create').allowed()", false],
  ["authorizer.group('').resource('pods').check('get').reason()", asked("me", { ...pods, verb: "get" })],
  [
    "authorizer.group('').resource('pods').subresource('log').namespace('n').name('p').check('x').reason()",
    asked("me", { ...pods, subresource: "log", namespace: "n", name: "p", verb: "x" }),
  ],
  [
    "authorizer.group('').resource('pods').fieldSelector('a=b').labelSelector('c=d').check('x').reason()",
    asked("me", { ...pods, fieldSelector: "a=b", labelSelector: "c=d", verb: "x" }),
  ],
  ["authorizer.requestResource.check('x').reason()", asked("me", { group: "apps", resource: "deployments", subresource: "", namespace: "n", name: "web", verb: "x" })],
  ["authorizer.path('/healthz').check('get').reason()", asked("me", { path: "/healthz", verb: "get" })],
  ["authorizer.serviceAccount('n', 'a').path('/x').check('get').reason()", asked("n:a", { path: "/x", verb: "get" })],
  ["authorizer.path('/x').check('get').errored() ? 'failed' : authorizer.path('/x').check('get').error()", ""],
  ["authorizer.path(' ')", "error: path must not be empty"],
  ["authorizer.group('').resource('')", "error: resource must not be empty"],
  ["authorizer.serviceAccount('not@a#valid', 'a')", "error: Invalid service account namespace"],
  ["authorizer.serviceAccount('n', 'A')", "error: Invalid service account name"],
  ["authorizer.allowed()", "compilation failed: ERROR: <input>:1:1: found no matching overload for 'allowed' applied to 'kubernetes.authorization.Authorizer.()'"],
])("%s", (expression, expected) => {
  expect(valueOf(expression)).toEqual(expected);
});
