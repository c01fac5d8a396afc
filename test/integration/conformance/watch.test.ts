import { beforeEach, describe, expect, it } from "vitest";
import { call, prepare, WatchReader } from "../http/api.ts";
import { created, freshNamespace, got, patched, removed } from "./harness.ts";

beforeEach(prepare);

const watchOf = (space: string, query: string) => WatchReader.open(`${space}/configmaps?watch=true&${query}`);
const labelled = (name: string, watched: string) => ({ metadata: { name, labels: { watched } } });
const revisionOf = async (path: string) => (await got(path)).metadata.resourceVersion;

describe("watches", () => {
  it("watch-configmaps-with-multiple-watchers", async () => {
    const space = await freshNamespace("watchers");
    const [a, b, both] = await Promise.all(["watched%3DA", "watched%3DB", "watched+in+(A,B)"].map((selector) => watchOf(space, `labelSelector=${selector}`)));
    await created(`${space}/configmaps`, labelled("a", "A"));
    await patched(`${space}/configmaps/a`, { data: { mutation: "1" } });
    await removed(`${space}/configmaps/a`);
    await created(`${space}/configmaps`, labelled("b", "B"));
    await removed(`${space}/configmaps/b`);
    const [ofA, ofB] = [["ADDED a", "MODIFIED a", "DELETED a"], ["ADDED b", "DELETED b"]];
    expect(await a?.take(3)).toEqual(ofA);
    expect(await b?.take(2)).toEqual(ofB);
    expect(await both?.take(5)).toEqual([...ofA, ...ofB]);
    await Promise.all([a, b, both].map((watch) => watch?.close()));
  });

  it("watch-configmaps-from-resource-version", async () => {
    const space = await freshNamespace("from-version");
    const path = `${space}/configmaps/c`;
    await created(`${space}/configmaps`, labelled("c", "yes"));
    await patched(path, { data: { mutation: "1" } });
    const revision = await revisionOf(path);
    await patched(path, { data: { mutation: "2" } });
    await removed(path);
    const watch = await watchOf(space, `labelSelector=watched%3Dyes&resourceVersion=${revision}`);
    const [second, third] = [await watch.next(), await watch.next()];
    expect([second?.type, second?.object.data]).toEqual(["MODIFIED", { mutation: "2" }]);
    expect(third?.type).toBe("DELETED");
    await watch.close();
  });

  it("watch-configmaps-closed-and-restarted", async () => {
    const space = await freshNamespace("restarted");
    const path = `${space}/configmaps/c`;
    const first = await watchOf(space, "labelSelector=watched%3Dyes");
    await created(`${space}/configmaps`, labelled("c", "yes"));
    await patched(path, { data: { mutation: "1" } });
    await first.next();
    const last = await first.next();
    await first.close();
    await patched(path, { data: { mutation: "2" } });
    const second = await watchOf(space, `labelSelector=watched%3Dyes&resourceVersion=${last?.object.metadata.resourceVersion}`);
    await removed(path);
    expect(await second.take(2)).toEqual(["MODIFIED c", "DELETED c"]);
    await second.close();
  });

  it("watch-configmaps-label-changed", async () => {
    const space = await freshNamespace("label");
    const path = `${space}/configmaps/c`;
    const watch = await watchOf(space, "labelSelector=watched%3Dyes");
    await created(`${space}/configmaps`, labelled("c", "yes"));
    await patched(path, { metadata: { labels: { watched: "no" } } });
    await patched(path, { data: { unseen: "true" } });
    await patched(path, { metadata: { labels: { watched: "yes" } } });
    await removed(path);
    expect(await watch.take(4)).toEqual(["ADDED c", "DELETED c", "ADDED c", "DELETED c"]);
    await watch.close();
  });

  it("watch-consistency", async () => {
    const space = await freshNamespace("consistency");
    const names = Array.from({ length: 20 }, (_, at) => `c${at}`);
    const first = await watchOf(space, "labelSelector=watched%3Dyes");
    const writing = (async () => {
      for (const name of names) {
        await created(`${space}/configmaps`, labelled(name, "yes"));
        await patched(`${space}/configmaps/${name}`, { data: { mutation: "1" } });
        if (name.endsWith("5")) await call("DELETE", `${space}/configmaps/${name}`);
      }
    })();
    const expected = names.length * 2 + 2;
    const seen: { revision: string; what: string }[] = [];
    const others: WatchReader[] = [];
    while (seen.length < expected) {
      const event = await first.next();
      const revision = event?.object.metadata.resourceVersion ?? "";
      seen.push({ revision, what: `${event?.type} ${event?.object.metadata.name} ${revision}` });
      if (others.length < 8) others.push(await watchOf(space, `labelSelector=watched%3Dyes&resourceVersion=${revision}`));
    }
    await writing;
    for (const [at, watch] of others.entries()) {
      const after: string[] = [];
      while (after.length < expected - at - 1) {
        const event = await watch.next();
        after.push(`${event?.type} ${event?.object.metadata.name} ${event?.object.metadata.resourceVersion}`);
      }
      expect(after).toEqual(seen.slice(at + 1).map(({ what }) => what));
      await watch.close();
    }
    await first.close();
  });
});
