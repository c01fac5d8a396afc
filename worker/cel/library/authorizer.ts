/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-authorizer-library */
import type { Environment } from "@marcbachmann/cel-js";
import { dns1123LabelErrors, dns1123SubdomainErrors } from "../../resources/rules/names.ts";
import type { AccessCheck, AccessDecision, Authorizer } from "../cel.ts";

export const authorizerType = "kubernetes.authorization.Authorizer";
const pathCheck = "kubernetes.authorization.PathCheck";
const groupCheck = "kubernetes.authorization.GroupCheck";
const resourceCheck = "kubernetes.authorization.ResourceCheck";
const decision = "kubernetes.authorization.Decision";

type ResourceCheckOf = Extract<AccessCheck, { resource: string }>;

class PathCheck {
  readonly authorizer: Authorizer;
  readonly path: string;

  constructor(authorizer: Authorizer, path: string) {
    this.authorizer = authorizer;
    this.path = path;
  }
}

class GroupCheck {
  readonly authorizer: Authorizer;
  readonly group: string;

  constructor(authorizer: Authorizer, group: string) {
    this.authorizer = authorizer;
    this.group = group;
  }
}

class ResourceCheck {
  readonly authorizer: Authorizer;
  readonly asked: Omit<ResourceCheckOf, "verb">;

  constructor(authorizer: Authorizer, asked: Omit<ResourceCheckOf, "verb">) {
    this.authorizer = authorizer;
    this.asked = asked;
  }

  with(more: Partial<ResourceCheckOf>): ResourceCheck {
    return new ResourceCheck(this.authorizer, { ...this.asked, ...more });
  }
}

class Decision {
  readonly isAllowed: boolean;
  readonly reason: string;

  constructor({ isAllowed, reason }: AccessDecision) {
    this.isAllowed = isAllowed;
    this.reason = reason;
  }
}

class CelAuthorizer {
  readonly authorizer: Authorizer;
  readonly requestResource: ResourceCheck | null;

  constructor(authorizer: Authorizer, requestResource: ResourceCheck | null) {
    this.authorizer = authorizer;
    this.requestResource = requestResource;
  }
}

export function authorizerValue(authorizer: Authorizer, requestResource: Omit<ResourceCheckOf, "verb">): unknown {
  return new CelAuthorizer(authorizer, new ResourceCheck(authorizer, requestResource));
}

export function registerAuthorizer(environment: Environment): void {
  const on = <A extends unknown[]>(method: string, run: (check: ResourceCheck, ...args: A) => unknown) =>
    environment.registerFunction(`${resourceCheck}.${method}`, run);
  environment
    .registerType(resourceCheck, ResourceCheck)
    .registerType(authorizerType, { ctor: CelAuthorizer, fields: { requestResource: resourceCheck } })
    .registerType(pathCheck, PathCheck)
    .registerType(groupCheck, GroupCheck)
    .registerType(decision, Decision)
    .registerFunction(`${authorizerType}.path(string): ${pathCheck}`, ({ authorizer }: CelAuthorizer, path: string) =>
      new PathCheck(authorizer, filled("path", path)))
    .registerFunction(`${authorizerType}.group(string): ${groupCheck}`, ({ authorizer }: CelAuthorizer, group: string) => new GroupCheck(authorizer, group))
    .registerFunction(`${authorizerType}.serviceAccount(string, string): ${authorizerType}`, ofServiceAccount)
    .registerFunction(`${groupCheck}.resource(string): ${resourceCheck}`, ({ authorizer, group }: GroupCheck, resource: string) =>
      new ResourceCheck(authorizer, { group, resource: filled("resource", resource), subresource: "", namespace: "", name: "" }))
    .registerFunction(`${pathCheck}.check(string): ${decision}`, ({ authorizer, path }: PathCheck, verb: string) => new Decision(authorizer.check({ path, verb })))
    .registerFunction(`${decision}.allowed(): bool`, ({ isAllowed }: Decision) => isAllowed)
    .registerFunction(`${decision}.reason(): string`, ({ reason }: Decision) => reason)
    // Rules that cannot be resolved are part of the reason; nothing here fails.
    .registerFunction(`${decision}.errored(): bool`, () => false)
    .registerFunction(`${decision}.error(): string`, () => "");
  on(`subresource(string): ${resourceCheck}`, (check, subresource: string) => check.with({ subresource }));
  on(`namespace(string): ${resourceCheck}`, (check, namespace: string) => check.with({ namespace }));
  on(`name(string): ${resourceCheck}`, (check, name: string) => check.with({ name }));
  on(`fieldSelector(string): ${resourceCheck}`, (check, fieldSelector: string) => check.with({ fieldSelector }));
  on(`labelSelector(string): ${resourceCheck}`, (check, labelSelector: string) => check.with({ labelSelector }));
  on(`check(string): ${decision}`, ({ authorizer, asked }, verb: string) => new Decision(authorizer.check({ ...asked, verb })));
}

function filled(what: string, text: string): string {
  if (text.trim() === "") throw new Error(`${what} must not be empty`);
  return text;
}

function ofServiceAccount({ authorizer }: CelAuthorizer, namespace: string, name: string): CelAuthorizer {
  if (dns1123SubdomainErrors(name).length > 0) throw new Error("Invalid service account name");
  if (dns1123LabelErrors(namespace).length > 0) throw new Error("Invalid service account namespace");
  return new CelAuthorizer(authorizer.ofServiceAccount(namespace, name), null);
}
