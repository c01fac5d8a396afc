import { describe, expect, test } from "vitest";
import { openStream } from "./watch-stream.ts";

const request = (signal?: AbortSignal) => new Request("https://cluster/", signal === undefined ? {} : { signal });
const megabyte = "x".repeat(1024 * 1024);

describe("a watch's stream", () => {
  test("hands on what is written, in order, and ends cleanly", async () => {
    const stream = openStream(request());
    expect(stream.write("a")).toBe(true);
    expect(stream.write("b")).toBe(true);
    stream.close();
    expect(await new Response(stream.body).text()).toBe("ab");
    expect(stream.write("c")).toBe(false);
  });

  test("cuts off a reader that takes nothing", async () => {
    const stream = openStream(request());
    let written = 0;
    while (stream.write(megabyte)) written += 1;
    expect(written).toBeLessThan(10);
    expect(stream.gone.aborted).toBe(true);
    await expect(new Response(stream.body).text()).rejects.toThrow("cut off");
  });

  test("waits, in a replay, until the reader has taken enough", async () => {
    const stream = openStream(request());
    for (let at = 0; at < 5; at += 1) stream.write(megabyte);
    let isDrained = false;
    const drained = stream.drained().then(() => (isDrained = true));
    await Promise.resolve();
    expect(isDrained).toBe(false);
    const reader = stream.body.getReader();
    for (let at = 0; at < 4; at += 1) await reader.read();
    await drained;
    expect(isDrained).toBe(true);
  });

  test("notices that the client cancelled", async () => {
    const stream = openStream(request());
    await stream.body.cancel();
    expect(stream.gone.aborted).toBe(true);
    await stream.drained();
  });

  test("notices that the request was aborted", () => {
    const abort = new AbortController();
    const stream = openStream(request(abort.signal));
    abort.abort();
    expect(stream.gone.aborted).toBe(true);
  });
});
