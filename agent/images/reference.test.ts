import { describe, expect, it } from "vitest";
import { credentialsFor } from "./credentials.ts";
import { defaultPullPolicy, parseImageReference } from "./reference.ts";

describe("parseImageReference", () => {
  const rows: [string, string, object | undefined][] = [
    ["a bare name is Docker Hub's library", "busybox", { registry: "docker.io", repository: "library/busybox" }],
    ["a user's image", "me/app:1.0", { registry: "docker.io", repository: "me/app", tag: "1.0" }],
    ["a registry with a port", "localhost:5000/app:1", { registry: "localhost:5000", repository: "app", tag: "1" }],
    ["a digest", `example.com/a/b@sha256:${"0".repeat(64)}`, { registry: "example.com", repository: "a/b", digest: `sha256:${"0".repeat(64)}` }],
    ["upper case is refused", "example.com/App", undefined],
    ["a blank is refused", "my app", undefined],
    ["an empty name is refused", "", undefined],
    ["a bad tag is refused", "app:-x", undefined],
    ["an empty tag is refused", "app:", undefined],
  ];
  it.each(rows)("%s", (_sentence, text, expected) => expect(parseImageReference(text)).toEqual(expected));
});

describe("defaultPullPolicy", () => {
  it.each([
    ["app", "Always"],
    ["app:latest", "Always"],
    ["app:1", "IfNotPresent"],
    [`app@sha256:${"0".repeat(64)}`, "IfNotPresent"],
  ])("%s: %s", (image, policy) => expect(defaultPullPolicy(image)).toBe(policy));
});

describe("credentialsFor", () => {
  const secret = (auths: object) => ({ data: { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") } });
  const auth = Buffer.from("me:pass:word").toString("base64");
  const users = (image: string, auths: object) => credentialsFor(image, [secret(auths)]).map(({ username }) => username);

  it("reads user and password out of auth", () => {
    expect(credentialsFor("example.com/app", [secret({ "example.com": { auth } })])).toEqual([{ username: "me", password: "pass:word" }]);
  });
  it("prefers the longer path", () => {
    expect(users("example.com/team/app", { "example.com": { username: "a" }, "example.com/team": { username: "b" } })).toEqual(["b", "a"]);
  });
  it("knows Docker Hub by its old name", () => {
    expect(users("busybox", { "https://index.docker.io/v1/": { username: "hub" } })).toEqual(["hub"]);
  });
  it("fits one label by a star", () => {
    expect(users("eu.example.com/app", { "*.example.com": { username: "star" } })).toEqual(["star"]);
    expect(users("a.b.example.com/app", { "*.example.com": { username: "star" } })).toEqual([]);
  });
  it("takes no other port's and no other registry's", () => {
    expect(users("localhost:5000/app", { localhost: { username: "x" }, "localhost:5001": { username: "y" } })).toEqual([]);
  });
  it("takes an unreadable secret as none", () => {
    expect(credentialsFor("app", [{ data: { ".dockerconfigjson": "!" } }])).toEqual([]);
  });
});
