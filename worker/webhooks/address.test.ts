import { describe, expect, test } from "vitest";
import { refusalOf } from "./address.ts";

describe("a webhook's URL may be called", () => {
  test.each(["https://hooks.example.com/x", "https://hooks.example.com:8443", "https://1.1.1.1/", "https://[2606:4700::1111]/"])("%s", (url) => {
    expect(refusalOf(url, "")).toBeUndefined();
  });

  test.each([
    ["https://10.1.2.3/", "10.0.0.0/8"],
    ["https://hooks.internal/", "hooks.internal"],
    ["https://a.hooks.local:444/", ".hooks.local"],
    ["https://[fd00::1]/", "192.168.0.0/16, fd00::/8"],
  ])("%s where %s is allowed", (url, allowed) => {
    expect(refusalOf(url, allowed)).toBeUndefined();
  });
});

describe("a webhook's URL may not be called", () => {
  test.each([
    "http://hooks.example.com/", "not a url", "https://hooks.example.com:22/", "https://localhost/", "https://localhost./", "https://a.localhost/", "https://printer.local/",
    "https://vault.internal/", "https://metadata/", "https://web.default.svc/", "https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://10.0.0.1/",
    "https://172.31.255.255/", "https://192.168.1.1/", "https://169.254.169.254/latest", "https://100.64.0.1/", "https://0.0.0.0/", "https://[::1]/",
    "https://[::]/", "https://[fe80::1]/", "https://[fd12::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:a00:1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[2002:c0a8:101::]/",
  ])("%s", (url) => {
    expect(refusalOf(url, "")).toBeDefined();
  });

  test("beside what is allowed", () => {
    expect(refusalOf("https://10.1.2.3/", "10.2.0.0/16, 10.1.2.4")).toBeDefined();
  });
});
