/**
 * WATCH. The Worker holds the client's stream and follows one feed of the store:
 *
 *     start ─► initial list? ─► initial-events-end? ─► follow ──► timeoutSeconds, client gone, too slow ─► end
 *                                                       │  ▲
 *                                          feed broke ──┘  └── resume after the last revision sent
 *                                          below the floor ──► ERROR 410 ─► end
 */
import { StatusError } from "../../../protocol/status.ts";
import type { ListPage, Selection, Store } from "../../storage/store.ts";
import type { OpenWatch, WatchBatch, WatchFeed } from "../../storage/watch.ts";
import { mediaTypes, streamAcceptOf, type Encoding } from "../formats/accept.ts";
import type { Call } from "../context.ts";
import { beginWatch } from "../metrics/request-metrics.ts";
import { isTrue, numberOf } from "../options.ts";
import { checkWatchVersions, rejectFuture, revisionOf } from "../resource-version.ts";
import { selectionOf } from "../selection.ts";
import { includeObjectOf } from "../formats/table.ts";
import { eventWriter, type EventWriter } from "./watch-events.ts";
import { openStream, type WatchStream } from "./watch-stream.ts";

const bookmarkMs = 60_000;
/** Without a wish of the client's, a watch lasts between half an hour and an hour, as upstream. */
const shortestSeconds = 1800;
const resumeAttempts = 6;
const pageItems = 500;

interface Watch {
  store: Store;
  openWatch: OpenWatch;
  selection: Selection;
  stream: WatchStream;
  writer: EventWriter;
  wantsBookmarks: boolean;
  /** Everything up to here was sent. */
  revision: number;
}

interface Start {
  /** Undefined: from what is there now. */
  revision: number | undefined;
  /** What is there must be as new as this. */
  atLeast: number;
  sendsInitial: boolean;
  marksInitialEnd: boolean;
}

export async function watch(call: Call): Promise<Response> {
  const { query, request, served, store } = call;
  checkWatchVersions(query);
  const accepted = streamAcceptOf(request, served);
  const selection = selectionOf(call);
  const start = startOf(query);
  const state: Watch = {
    store,
    openWatch: call.openWatch,
    selection,
    stream: openStream(request),
    writer: eventWriter({ resource: served, accepted, include: includeObjectOf(query), now: () => Date.now() }),
    wantsBookmarks: isTrue(query, "allowWatchBookmarks"),
    revision: start.revision ?? 0,
  };
  const seconds = numberOf(query, "timeoutSeconds") || shortestSeconds * (1 + Math.random());
  const end = beginWatch(call.info);
  call.waitUntil(run(state, start, seconds).finally(end));
  return new Response(state.stream.body, { headers: { "content-type": typeOf(accepted.encoding), "cache-control": "no-cache, private" } });
}

/** As upstream: of JSON nobody needs to be told. */
function typeOf(encoding: Encoding): string {
  return encoding === "json" ? mediaTypes.json : `${mediaTypes[encoding]};stream=watch`;
}

function startOf(query: URLSearchParams): Start {
  const revision = revisionOf(query);
  const isFromNow = revision === undefined || revision === 0;
  const asked = query.get("sendInitialEvents");
  if (asked === null) return { revision: isFromNow ? undefined : revision, atLeast: 0, sendsInitial: isFromNow, marksInitialEnd: false };
  const sendsInitial = isTrue(query, "sendInitialEvents");
  // Without initial events, "from now" is from now and not from a state that nobody was told of.
  return { revision: sendsInitial || isFromNow ? undefined : revision, atLeast: revision ?? 0, sendsInitial, marksInitialEnd: sendsInitial };
}

/** Never rejects: whatever happens is told to the client or ends its stream. */
async function run(state: Watch, start: Start, seconds: number): Promise<void> {
  const { stream, writer } = state;
  const timer = setTimeout(() => stream.close(), seconds * 1000);
  try {
    if (start.revision === undefined) await begin(state, start);
    await follow(state);
  } catch (error) {
    if (error instanceof StatusError) stream.write(writer.error(error));
    else console.error(JSON.stringify({ level: "error", message: "watch failed", error: String(error) }));
  } finally {
    clearTimeout(timer);
    stream.close();
  }
}

/** Sends what is there, and knows from then on after which revision to follow. */
async function begin(state: Watch, { sendsInitial, marksInitialEnd, atLeast }: Start): Promise<void> {
  const { store, stream, writer } = state;
  if (!sendsInitial) {
    state.revision = (await store.describe()).revision;
    return;
  }
  let page: ListPage | undefined;
  do {
    page = await pageAfter(state, page);
    rejectFuture(atLeast, page.revision);
    if (page.items.length > 0) stream.write(writer.events(page.items.map((stored) => ({ type: "ADDED", stored }))));
    await stream.drained();
  } while (page.next !== undefined && !stream.gone.aborted);
  state.revision = page.revision;
  if (marksInitialEnd && state.wantsBookmarks) stream.write(writer.bookmark(page.revision, true));
}

async function pageAfter({ store, selection }: Watch, before: ListPage | undefined): Promise<ListPage> {
  const from = before?.next === undefined ? {} : { after: before.next, atRevision: before.revision };
  const page = await store.list({ ...selection, limit: pageItems, ...from });
  if ("expired" in page) throw StatusError.tooOldResourceVersion(before?.revision ?? 0, page.revision);
  return page;
}

/** Follows feed after feed until the client goes; a feed that broke is resumed, with a growing pause. */
async function follow(state: Watch): Promise<void> {
  for (let attempt = 0; !state.stream.gone.aborted && attempt < resumeAttempts; attempt += 1) {
    if (attempt > 0) await pause(attempt);
    const before = state.revision;
    const feed = await open(state);
    if (feed === undefined) continue;
    await pump(state, feed);
    if (state.revision > before) attempt = 0;
  }
}

async function open(state: Watch): Promise<WatchFeed | undefined> {
  try {
    return await state.openWatch({ ...state.selection, since: state.revision });
  } catch (error) {
    console.warn(JSON.stringify({ level: "warn", message: "watch feed did not open", error: String(error) }));
    return undefined;
  }
}

async function pump(state: Watch, feed: WatchFeed): Promise<void> {
  const { stream } = state;
  const close = () => feed.close();
  stream.gone.addEventListener("abort", close);
  // The store answers only while it is still the writer; clients without bookmarks get nothing from it.
  const ticker = setInterval(() => feed.progress(), bookmarkMs * (0.75 + Math.random() / 2));
  let isReplayed = false;
  try {
    while (!stream.gone.aborted) {
      const batch = await feed.next();
      if (batch === undefined) return;
      deliver(state, batch, isReplayed);
      if (batch.type === "progress") isReplayed = true;
    }
  } finally {
    clearInterval(ticker);
    stream.gone.removeEventListener("abort", close);
    feed.close();
  }
}

function deliver(state: Watch, batch: WatchBatch, isReplayed: boolean): void {
  const { stream, writer } = state;
  switch (batch.type) {
    case "events": {
      stream.write(writer.events(batch.events.map((event) => ({ type: event.type, stored: event }))));
      state.revision = batch.events.at(-1)?.revision ?? state.revision;
      return;
    }
    case "progress":
      state.revision = Math.max(state.revision, batch.revision);
      // The first only says that the replay is over.
      if (state.wantsBookmarks && isReplayed) stream.write(writer.bookmark(state.revision));
      return;
    case "expired":
      throw StatusError.tooOldResourceVersion(state.revision, batch.floor);
  }
}

/** Doubles from 100 ms to 5 s, each somewhere in its upper half. */
async function pause(attempt: number): Promise<void> {
  const ceiling = Math.min(5_000, 100 * 2 ** (attempt - 1));
  await new Promise((resolve) => setTimeout(resolve, ceiling * (0.5 + Math.random() / 2)));
}
