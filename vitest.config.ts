import { existsSync } from "node:fs";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { answerWebhook } from "./test/integration/test-webhooks.ts";

/** Tests in workerd get the Worker of wrangler.toml, an empty D1 with the migrations in a binding, and known secrets. */
const inWorkerd = cloudflareTest(async () => ({
  wrangler: { configPath: "./wrangler.toml" },
  ...(existsSync("test/integration/entry.ts") ? { main: "./test/integration/entry.ts" } : {}),
  miniflare: {
    // The internet, as far as tests have one.
    outboundService: answerWebhook,
    bindings: {
      TEST_MIGRATIONS: await readD1Migrations("migrations"),
      // SHA-256 of `test-admin-token`.
      ADMIN_TOKEN_SHA256: "17d6bfe05d1b1fb7bc499f8e3f639c7b3eda4c40f321eef8887a0c04c89a99c5",
      ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
    },
  },
}));

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{protocol,worker,agent,examples}/**/*.test.ts", "test/*.test.ts", "test/store/**/*.test.ts", "test/bench/**/*.test.ts"],
          globalSetup: "test/install-packages.ts",
          testTimeout: 20_000,
        },
      },
      {
        plugins: [inWorkerd],
        test: { name: "integration", include: ["test/integration/**/*.test.ts"], testTimeout: 30_000 },
      },
      {
        // One after the other: they share the machine's network namespace, and time-outs mean something.
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/install-packages.ts", "test/e2e/global-setup.ts"],
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { concurrent: false },
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
