import { describe, expect, test } from "vitest";
import { impersonationOf } from "./impersonate.ts";

const asked = (...headers: [string, string][]) => impersonationOf(new Headers(headers));

/** `verb resource[/sub] in group namespace/name` */
const needs = (...headers: [string, string][]) =>
  asked(...headers)?.needs.map(({ verb, group, resource, subresource, namespace, name }) =>
    `${verb} ${group}/${resource}${subresource === "" ? "" : `/${subresource}`} ${namespace}/${name}`);

const user = (name: string): [string, string] => ["Impersonate-User", name];
const group = (name: string): [string, string] => ["Impersonate-Group", name];

test("without the headers nobody is impersonated", () => {
  expect(asked(["accept", "application/json"])).toBeUndefined();
});

describe("who is meant", () => {
  test.each<[sentence: string, headers: [string, string][], user: object]>([
    ["a user is authenticated", [user("bob")], { name: "bob", groups: ["system:authenticated"] }],
    ["with groups, too", [user("bob"), group("devs"), group("ops")], { name: "bob", groups: ["devs", "ops", "system:authenticated"] }],
    ["a group's name may hold commas", [user("bob"), group("cn=devs,dc=example"), group("ops")], { name: "bob", groups: ["cn=devs,dc=example", "ops", "system:authenticated"] }],
    ["who says so is not said to be twice", [user("bob"), group("system:authenticated")], { name: "bob", groups: ["system:authenticated"] }],
    ["nobody in particular is not", [user("system:anonymous")], { name: "system:anonymous", groups: ["system:unauthenticated"] }],
    [
      "a ServiceAccount has the groups that its name says",
      [user("system:serviceaccount:ns:builder")],
      { name: "system:serviceaccount:ns:builder", groups: ["system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"] },
    ],
    ["unless others are given", [user("system:serviceaccount:ns:builder"), group("x")], { name: "system:serviceaccount:ns:builder", groups: ["x", "system:authenticated"] }],
    [
      "uid and extra are taken over; keys are lower case and may be encoded",
      [user("bob"), ["Impersonate-Uid", "1"], ["Impersonate-Extra-Scopes", "a"], ["Impersonate-Extra-Scopes", "b"], ["Impersonate-Extra-acme.com%2Fproject", "p"]],
      { name: "bob", groups: ["system:authenticated"], uid: "1", extra: { scopes: ["a", "b"], "acme.com/project": ["p"] } },
    ],
    ["a node is a node with its group", [user("system:node:n1"), group("system:nodes")], { name: "system:node:n1", groups: ["system:nodes", "system:authenticated"], node: "n1" }],
    ["and none without it", [user("system:node:n1")], { name: "system:node:n1", groups: ["system:authenticated"] }],
  ])("%s", (_, headers, expected) => {
    expect(asked(...headers)?.user).toEqual(expected);
  });
});

test("each part has to be allowed", () => {
  expect(needs(user("bob"), group("devs"), ["impersonate-extra-scopes", "a"], ["impersonate-uid", "1"])).toEqual([
    "impersonate /users /bob",
    "impersonate /groups /devs",
    "impersonate authentication.k8s.io/userextras/scopes /a",
    "impersonate authentication.k8s.io/uids /1",
  ]);
  expect(needs(user("system:serviceaccount:ns:builder"))).toEqual(["impersonate /serviceaccounts ns/builder"]);
});

test.each<[sentence: string, headers: [string, string][], why: string]>([
  ["groups", [group("devs")], "requested [{Group  devs    }] without impersonating a user"],
  ["a uid", [["impersonate-uid", "1"]], "requested [{UID  1  authentication.k8s.io/v1  }] without impersonating a user"],
  ["extra", [["impersonate-extra-a", "b"]], "requested [{UserExtra  b  authentication.k8s.io/v1  a}] without impersonating a user"],
])("%s alone are an error", (_, headers, why) => {
  expect(() => asked(...headers)).toThrow(why);
});
