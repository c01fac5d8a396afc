import { expect, test } from "vitest";
import { workerdConfig, type WorkerdConfigOptions } from "./workerd-config.ts";

const options: WorkerdConfigOptions = {
  worker: "/w.mjs", platform: "/platform", miniflareWorkers: "/miniflare", compatibilityDate: "2026-08-01", compatibilityFlags: [], durableObjects: [],
  d1Binding: "DB", variables: {}, secrets: [], storage: { d1: "/d1", objects: "/objects" }, v8Flags: [],
};

test.each([
  ["public ones alone", "", 'allow = ["public"]'],
  ["private ones, too, where webhooks may be called there", "10.0.0.0/8", 'allow = ["public", "private"]'],
])("workerd reaches networks: %s", (_, allowed, said) => {
  expect(workerdConfig({ ...options, variables: { WEBHOOK_ALLOW_PRIVATE: allowed } })).toContain(said);
});
