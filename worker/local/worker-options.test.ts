import { describe, expect, it } from "vitest";
import { workerOptions } from "./worker-options.ts";
import { workerdConfig } from "./workerd-config.ts";

describe("the local control plane", () => {
  it("is what wrangler.toml says", () => {
    const { durableObjects, cron, d1Binding, compatibilityFlags } = workerOptions();
    expect(durableObjects.map(({ className }) => className)).toEqual(["StoreObject", "Workload", "Scheduler", "NodeHub", "Session"]);
    expect({ cron, d1Binding }).toEqual({ cron: "* * * * *", d1Binding: "DB" });
    expect(compatibilityFlags).toContain("enable_request_signal");
  });

  it("has its secrets from the environment, never in the file", () => {
    const text = workerdConfig({
      ...workerOptions(),
      ...{ worker: "/w.mjs", platform: "/platform", miniflareWorkers: "/miniflare", v8Flags: ["--max-old-space-size=112"] },
      ...{ secrets: ["ENCRYPTION_KEYS"], storage: { d1: "/d1", objects: "/objects" } },
    });
    expect(text).toContain('(name = "ENCRYPTION_KEYS", fromEnvironment = "ENCRYPTION_KEYS")');
    expect(text).toContain('v8Flags = ["--max-old-space-size=112"]');
    expect(text).toContain('(className = "StoreObject", uniqueKey = "kedge-StoreObject", enableSql = true)');
    expect(text).toContain('(name = "api", http = (), service = "kedge")');
  });

  it("ends TLS where it was given a certificate", () => {
    const text = workerdConfig({
      ...workerOptions(),
      ...{ worker: "/w.mjs", platform: "/platform", miniflareWorkers: "/miniflare", v8Flags: [] },
      ...{ secrets: [], storage: { d1: "/d1", objects: "/objects" }, tls: { certificateChain: "CERT\n", privateKey: "KEY\n" } },
    });
    expect(text).toContain('(name = "api", https = (options = (), tlsOptions = (keypair = (privateKey = "KEY\\n", certificateChain = "CERT\\n")');
  });
});
