import { expect, test } from "vitest";
import { impersonated } from "./impersonate.ts";
import { admin, nodeUser } from "./user.ts";

const headers = (user?: string, ...groups: string[]) => {
  const made = new Headers();
  if (user !== undefined) made.set("impersonate-user", user);
  for (const group of groups) made.append("impersonate-group", group);
  return made;
};

test("without the headers one is oneself", () => {
  expect(impersonated(admin, headers())).toBe(admin);
});

test("the admin may ask as somebody else, and is no admin then", () => {
  expect(impersonated(admin, headers("bob"))).toEqual({ name: "bob", groups: ["system:authenticated"] });
});

test("a node is a node only with its group", () => {
  expect(impersonated(admin, headers("system:node:n1", "system:nodes"))).toMatchObject({ node: "n1" });
  expect(impersonated(admin, headers("system:node:n1"))).not.toHaveProperty("node");
});

test("nobody else may, and groups need a user", () => {
  expect(() => impersonated(nodeUser("n1", 1), headers("kubernetes-admin", "system:masters"))).toThrow("cannot impersonate");
  expect(() => impersonated(admin, headers(undefined, "system:nodes"))).toThrow("requested groups without impersonating a user");
});
