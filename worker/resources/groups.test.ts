import { describe, expect, it } from "vitest";
import { compareVersions, groupsOf } from "./groups.ts";

describe("groups and versions", () => {
  it("come in upstream's order, custom groups last", () => {
    const of = (group: string, version = "v1") => ({ group, version });
    const groups = groupsOf([of("zoo.example.com"), of("autoscaling"), of("autoscaling", "v2"), of("events.k8s.io"), of("apps"), of("a.example.com"), of("")]);
    expect([...groups]).toEqual([
      ["", ["v1"]],
      ["apps", ["v1"]],
      ["events.k8s.io", ["v1"]],
      ["autoscaling", ["v2", "v1"]],
      ["a.example.com", ["v1"]],
      ["zoo.example.com", ["v1"]],
    ]);
  });

  it("are told apart as Kubernetes tells versions", () => {
    const versions = ["foo1", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo10", "v10", "v2"];
    expect(versions.toSorted(compareVersions)).toEqual(["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"]);
  });
});
