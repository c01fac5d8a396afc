import { describe, expect, it } from "vitest";
import { requestHeaders, responseHeaders, type Headers } from "./headers.ts";

describe("a request's headers", () => {
  const rows: [string, Headers, object][] = [
    ["keep who asks", { authorization: ["Bearer token"] }, { authorization: ["Bearer token"] }],
    ["keep whom they impersonate, each group of its own", { "impersonate-user": ["jane"], "impersonate-group": ["a", "b"] }, { "impersonate-user": ["jane"], "impersonate-group": ["a", "b"] }],
    ["lose those of the one connection", { connection: ["keep-alive"], "keep-alive": ["timeout=5"], "transfer-encoding": ["chunked"], te: ["trailers"], upgrade: ["h2c"] }, {}],
    ["lose what Connection names", { connection: ["close, X-Mine", "x-other"], "x-mine": ["1"], "x-other": ["2"], "x-kept": ["3"] }, { "x-kept": ["3"] }],
    ["lose the host, which is another one", { host: ["kubernetes.default.svc"] }, {}],
    ["lose an expectation, which was answered", { expect: ["100-continue"] }, {}],
    ["lose what only a proxy says", { "x-forwarded-host": ["a"], "x-forwarded-proto": ["http"], forwarded: ["for=1.2.3.4"], via: ["1.1 x"], "x-real-ip": ["1.2.3.4"] }, {}],
    ["lose what only the edge says", { "cf-connecting-ip": ["1.2.3.4"], "cf-worker": ["x"], "cdn-loop": ["cloudflare"], "true-client-ip": ["1.2.3.4"] }, {}],
    ["lose what only an authenticating proxy says", { "x-remote-user": ["admin"], "x-remote-group": ["system:masters"], "x-remote-extra-scopes": ["all"] }, {}],
  ];
  it.each(rows)("%s", (_, headers, expected) => {
    expect(requestHeaders(headers, "10.0.0.5")).toEqual({ ...expected, "x-forwarded-for": ["10.0.0.5"] });
  });

  it("tell the client's own address, whatever it says", () => {
    expect(requestHeaders({ "x-forwarded-for": ["1.2.3.4"] }, "10.0.0.5")).toEqual({ "x-forwarded-for": ["10.0.0.5"] });
  });
});

it("an answer's headers lose those of the one connection, and repeat what is repeated", () => {
  const headers = { connection: ["close"], "transfer-encoding": ["chunked"], warning: ["299 - one", "299 - two"], "content-type": ["application/json"] };
  expect(responseHeaders(headers)).toEqual({ warning: ["299 - one", "299 - two"], "content-type": ["application/json"] });
});
