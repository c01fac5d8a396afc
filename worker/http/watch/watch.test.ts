import { describe, expect, test } from "vitest";
import { configMaps } from "../../resources/core/config-maps.ts";
import type { ChangeEvent, ListPage, Store } from "../../storage/store.ts";
import type { OpenWatch, WatchBatch, WatchFeed, WatchRequest } from "../../storage/watch.ts";
import type { Call } from "../context.ts";
import { watch } from "./watch.ts";

/** A feed that says what the test has written for it, then stays open (or ends, if told so). */
class ScriptedFeed implements WatchFeed {
  readonly #batches: (WatchBatch | "end")[];
  #end: (() => void) | undefined;
  isClosed = false;

  constructor(...batches: (WatchBatch | "end")[]) {
    this.#batches = batches;
  }

  next(): Promise<WatchBatch | undefined> {
    const batch = this.#batches.shift();
    if (batch === "end" || this.isClosed) return Promise.resolve(undefined);
    if (batch !== undefined) return Promise.resolve(batch);
    return new Promise((resolve) => {
      this.#end = () => resolve(undefined);
    });
  }

  progress(): void {}

  close(): void {
    this.isClosed = true;
    this.#end?.();
  }
}

const event = (name: string, revision: number, type: ChangeEvent["type"] = "ADDED"): ChangeEvent => ({
  type,
  key: `configmaps/n/${name}`,
  uid: name,
  revision,
  text: `{"metadata":{"name":"${name}"}}`,
});
const events = (...all: ChangeEvent[]): WatchBatch => ({ type: "events", events: all });
const progress = (revision: number): WatchBatch => ({ type: "progress", revision });

interface Run {
  query: string;
  feeds: (ScriptedFeed | "refused")[];
  pages?: ListPage[];
}

/** Runs a watch until `lines` lines were read; returns them with the positions that feeds were opened at. */
async function follow({ query, feeds, pages = [] }: Run, lines: number): Promise<{ read: string[]; since: number[] }> {
  const since: number[] = [];
  const openWatch: OpenWatch = (request: WatchRequest) => {
    since.push(request.since);
    const feed = feeds.shift();
    return feed === undefined || feed === "refused" ? Promise.reject(new Error("no feed")) : Promise.resolve(feed);
  };
  const store = { list: () => Promise.resolve(pages.shift()), describe: () => Promise.resolve({ revision: 50 }) };
  const url = new URL(`https://cluster/api/v1/namespaces/n/configmaps?watch=1&${query}`);
  const info = { isResource: true, verb: "watch", group: "", version: "v1", namespace: "n", resource: "configmaps", name: "", subresource: "" };
  // What of a Call a watch asks for.
  const call = {
    request: new Request(url),
    query: url.searchParams,
    info,
    resource: configMaps,
    served: configMaps,
    store: store as unknown as Store,
    openWatch,
    waitUntil: () => undefined,
  } as unknown as Call;
  const { body } = await watch(call);
  return { read: await readLines(body, lines), since };
}

async function readLines(body: ReadableStream<Uint8Array> | null, count: number): Promise<string[]> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (reader !== undefined && text.split("\n").length <= count) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value);
  }
  await reader?.cancel();
  return text.split("\n").filter((line) => line !== "").map(shown);
}

function shown(line: string): string {
  const { type, object } = JSON.parse(line) as { type: string; object: { code?: number; message?: string; metadata: { name?: string; resourceVersion?: string; annotations?: object } } };
  if (object.code !== undefined) return `${type} ${object.code} ${object.message}`;
  const { name, resourceVersion, annotations } = object.metadata;
  return [type, name, resourceVersion, annotations === undefined ? undefined : "initial-end"].filter((part) => part !== undefined).join(" ");
}

const page = (revision: number, names: string[], next?: string): ListPage => ({
  revision,
  items: names.map((name) => ({ key: `configmaps/n/${name}`, revision: 1, text: `{"metadata":{"name":"${name}"}}` })),
  ...(next === undefined ? {} : { next }),
});

describe("a watch", () => {
  test("follows from the revision that it is given", async () => {
    const feed = new ScriptedFeed(progress(7), events(event("a", 8), event("b", 9, "DELETED")));
    expect(await follow({ query: "resourceVersion=7", feeds: [feed] }, 2)).toEqual({ read: ["ADDED a 8", "DELETED b 9"], since: [7] });
    expect(feed.isClosed).toBe(true);
  });

  test("without one sends every page of what is there, then follows from its revision", async () => {
    const pages = [page(20, ["a", "b"], "configmaps/n/b"), page(20, ["c"])];
    const feeds = [new ScriptedFeed(progress(20), events(event("d", 21)))];
    const { read, since } = await follow({ query: "", feeds, pages }, 4);
    expect(read).toEqual(["ADDED a 1", "ADDED b 1", "ADDED c 1", "ADDED d 21"]);
    expect(since).toEqual([20]);
  });

  test("says when the initial events are over, if that was asked", async () => {
    const query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    const { read } = await follow({ query, feeds: [new ScriptedFeed()], pages: [page(20, ["a"])] }, 2);
    expect(read).toEqual(["ADDED a 1", "BOOKMARK 20 initial-end"]);
  });

  test("without initial events follows from now", async () => {
    const query = "sendInitialEvents=false&resourceVersionMatch=NotOlderThan";
    const { since } = await follow({ query, feeds: [new ScriptedFeed(events(event("a", 51)))] }, 1);
    expect(since).toEqual([50]);
  });

  test("sends bookmarks of progress, but not that the replay is over", async () => {
    const feed = () => new ScriptedFeed(progress(7), progress(12), events(event("a", 13)));
    expect((await follow({ query: "resourceVersion=7&allowWatchBookmarks=true", feeds: [feed()] }, 2)).read).toEqual(["BOOKMARK 12", "ADDED a 13"]);
    expect((await follow({ query: "resourceVersion=7", feeds: [feed()] }, 1)).read).toEqual(["ADDED a 13"]);
  });

  test("resumes after the last revision sent when its feed breaks", async () => {
    const feeds = [new ScriptedFeed(events(event("a", 8)), "end"), "refused" as const, new ScriptedFeed(events(event("b", 9)))];
    expect(await follow({ query: "resourceVersion=7", feeds }, 2)).toEqual({ read: ["ADDED a 8", "ADDED b 9"], since: [7, 8, 8] });
  });

  test("from below the history is told so, and over", async () => {
    const feeds = [new ScriptedFeed({ type: "expired", floor: 30 })];
    const { read } = await follow({ query: "resourceVersion=7", feeds }, 2);
    expect(read).toEqual(["ERROR 410 too old resource version: 7 (30)"]);
  });
});
