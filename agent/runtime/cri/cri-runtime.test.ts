import { join } from "node:path";
import { describe, it } from "vitest";
import { describeRuntime } from "../contract.ts";
import { busyboxImage, startTestHost, whyNoContainerd } from "../testing.ts";
import { CriRuntime } from "./cri-runtime.ts";

const reason = whyNoContainerd();
if (reason === undefined) {
  describeRuntime("containerd", async () => {
    const host = await startTestHost({ pointToPoint: true });
    const runtime = new CriRuntime(host.socket);
    return {
      runtime,
      image: busyboxImage,
      logDirectory: join(host.stateDir, "logs"),
      cgroupParent: host.host.names.cgroupParent,
      close: async () => {
        runtime.close();
        await host.close();
      },
    };
  });
} else {
  describe.skip(`containerd as a Runtime (${reason})`, () => {
    it("passes the contract", () => undefined);
  });
}
