import { describe, expect, it } from "vitest";
import { FakeClock } from "../fake-clock.ts";
import { FakeRuntime } from "../runtime/fake/fake-runtime.ts";
import { RuntimeError } from "../runtime/runtime.ts";
import { Images, type ImageEvents, type ImageRequest } from "./images.ts";

function setUp() {
  const clock = new FakeClock();
  const runtime = new FakeRuntime(() => clock.now());
  const images = new Images({ runtime, clock });
  const told: string[] = [];
  const events: ImageEvents = {
    pulling: () => told.push("pulling"),
    pulled: (_image, ms) => told.push(ms === undefined ? "present" : "pulled"),
    failed: (message) => told.push(message),
    backOff: () => told.push("backOff"),
  };
  const ensure = (request: Partial<ImageRequest> = {}) => images.ensure({ podUid: "u", image: "app:1", policy: "IfNotPresent", secrets: [], ...request }, events);
  return { clock, runtime, ensure, told };
}

describe("Images", () => {
  it("does not pull an image that is there", async () => {
    const { runtime, ensure, told } = setUp();
    runtime.addImage("app:1");
    expect(await ensure()).toMatchObject({ isPresent: true });
    expect(told).toEqual(["present"]);
  });
  it("pulls with policy Always although it is there", async () => {
    const { runtime, ensure, told } = setUp();
    runtime.addImage("app:1");
    runtime.registry.set("app:1", undefined);
    await ensure({ policy: "Always" });
    expect(told).toEqual(["pulling", "pulled"]);
  });
  it("never pulls with policy Never", async () => {
    const { runtime, ensure } = setUp();
    expect(await ensure({ policy: "Never" })).toMatchObject({ isPresent: false, reason: "ErrImageNeverPull" });
    expect(runtime.calls).toEqual([]);
  });
  it("refuses a name that is none", async () => {
    expect(await setUp().ensure({ image: "No Such" })).toMatchObject({ reason: "InvalidImageName" });
  });
  it("fails, backs off, and tries again after 10 s, then 20 s", async () => {
    const { clock, runtime, ensure, told } = setUp();
    runtime.registry.set("app:1", new RuntimeError("unknown", "connection refused"));
    const failed = await ensure();
    expect(failed).toMatchObject({ reason: "ErrImagePull", message: "connection refused", retryAtMs: clock.now() + 10_000 });
    await clock.advance(9_999);
    expect(await ensure()).toMatchObject({ reason: "ImagePullBackOff", message: 'Back-off pulling image "app:1": ErrImagePull: connection refused' });
    await clock.advance(1);
    expect(await ensure()).toMatchObject({ reason: "ErrImagePull", retryAtMs: clock.now() + 20_000 });
    expect(told.filter((event) => event === "pulling")).toHaveLength(2);
  });
  it("shares one pull between pods", async () => {
    const { runtime, ensure } = setUp();
    runtime.registry.set("app:1", undefined);
    await Promise.all([ensure({ podUid: "a" }), ensure({ podUid: "b" })]);
    expect(runtime.calls.filter(({ method }) => method === "pullImage")).toHaveLength(1);
  });
});
