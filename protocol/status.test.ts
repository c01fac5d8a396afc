import { expect, test } from "vitest";
import { StatusError } from "./status.ts";

const deployment = { group: "apps", kind: "deployments", name: "web" };

test.each<[StatusError, number, string, string]>([
  [StatusError.notFound(deployment), 404, "NotFound", 'deployments.apps "web" not found'],
  [StatusError.alreadyExists({ group: "", kind: "pods", name: "p" }), 409, "AlreadyExists", 'pods "p" already exists'],
  [StatusError.conflict(deployment), 409, "Conflict", 'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again'],
  [StatusError.invalid({ group: "", kind: "Pod", name: "p" }, []), 422, "Invalid", 'Pod "p" is invalid'],
  [StatusError.forbidden({ group: "", kind: "pods" }, "no"), 403, "Forbidden", "pods is forbidden: no"],
  [StatusError.forbidden({ group: "", kind: "" }, "no"), 403, "Forbidden", "forbidden: no"],
  [StatusError.unauthorized(), 401, "Unauthorized", "Unauthorized"],
  [StatusError.tooOldResourceVersion(3, 9), 410, "Expired", "too old resource version: 3 (9)"],
  [StatusError.requestEntityTooLarge(10), 413, "RequestEntityTooLarge", "Request entity too large: limit is 10"],
  [StatusError.notAcceptable(["application/json"]), 406, "NotAcceptable", "only the following media types are accepted: application/json"],
  [StatusError.internal("x"), 500, "InternalError", "Internal error occurred: x"],
  [StatusError.timeout("x", 1), 504, "Timeout", "Timeout: x"],
  [StatusError.methodNotAllowed({ group: "apps", kind: "Deployment" }, "create"), 405, "MethodNotAllowed", 'create is not supported on resources of kind "Deployment.apps"'],
])("%s", (error, code, reason, message) => {
  expect(error.status).toMatchObject({ kind: "Status", status: "Failure", code, reason, message });
  expect(error.message).toBe(message);
});

test("an invalid object names every field once, and each cause", () => {
  const cause = (field: string) => ({ reason: "FieldValueRequired", message: "Required value", field });
  const { status } = StatusError.invalid({ group: "apps", kind: "Deployment", name: "web" }, [cause("spec.a"), cause("spec.b"), cause("spec.a")]);
  expect(status.message).toBe('Deployment.apps "web" is invalid: [spec.a: Required value, spec.b: Required value]');
  expect(status.details).toMatchObject({ name: "web", group: "apps", kind: "Deployment" });
  expect(status.details?.causes).toHaveLength(3);
});
