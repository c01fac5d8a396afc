import { describeRuntime } from "../contract.ts";
import { FakeRuntime } from "./fake-runtime.ts";

describeRuntime("the fake", () => {
  const runtime = new FakeRuntime();
  runtime.addImage("localhost/test/busybox:1");
  return Promise.resolve({
    runtime,
    image: "localhost/test/busybox:1",
    logDirectory: "/var/log",
    cgroupParent: "/test",
    close: () => Promise.resolve(),
  });
});
