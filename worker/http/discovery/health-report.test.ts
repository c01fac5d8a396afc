import { describe, expect, test } from "vitest";
import { reportOf, reportOfOne, type Check } from "./health-report.ts";

const check = (name: string, isOk: boolean): Check => ({ name, isOk: () => Promise.resolve(isOk) });
const options = { probe: "readyz", exclude: [] as string[], isVerbose: false };

describe("a probe's answer", () => {
  test("is short when all is well", async () => {
    expect(await reportOf([check("ping", true)], options)).toEqual({ code: 200, text: "ok" });
  });

  test("names every check when asked to", async () => {
    const text = "[+]ping ok\n[+]store ok\nreadyz check passed\n";
    expect(await reportOf([check("ping", true), check("store", true)], { ...options, isVerbose: true })).toEqual({ code: 200, text });
  });

  test("names what failed, and keeps the reason", async () => {
    const text = "[+]ping ok\n[-]store failed: reason withheld\nreadyz check failed\n";
    expect(await reportOf([check("ping", true), check("store", false)], options)).toEqual({ code: 500, text });
  });

  test("leaves out what is excluded, and says what it does not know", async () => {
    const report = await reportOf([check("ping", true), check("store", false)], { ...options, exclude: ["store", "etcd"], isVerbose: true });
    const warning = 'warn: some health checks cannot be excluded: no matches for "etcd"';
    expect(report).toEqual({ code: 200, text: `[+]ping ok\n[+]store excluded: ok\n${warning}\nreadyz check passed\n` });
  });

  test("may be of one check", async () => {
    expect(await reportOfOne(check("ping", true))).toEqual({ code: 200, text: "ok" });
    expect((await reportOfOne(check("store", false))).code).toBe(500);
  });
});
