/**
 * LIST: at one revision, in pages of the client's choosing; whatever the page, the store is asked in bounded chunks
 * and the answer streams, so that a list is never in memory as a whole.
 */
import { StatusError } from "../../../protocol/status.ts";
import type { ListPage, Selection, Store, StoredObject } from "../../storage/store.ts";
import { answer, type Content } from "../formats/answer.ts";
import type { Call } from "../context.ts";
import { continuationOf, continueToken, expiredContinuation, type Continuation } from "./continue-token.ts";
import { listWriterOf, textWriterOf, type TextWriter } from "./list-writer.ts";
import { numberOf } from "../options.ts";
import { checkListVersions, listRevision, rejectFuture, revisionOf } from "../resource-version.ts";
import { selectionOf } from "../selection.ts";

/** Of 5 KB each: what is copied from the store to here is held several times over, for a moment. */
const chunkItems = 100;

interface Listing {
  store: Store;
  selection: Selection;
  /** Items still to come; Infinity without a limit. */
  limit: number;
  continuation: Continuation | undefined;
}

export async function list(call: Call): Promise<Response> {
  const { query, store } = call;
  checkListVersions(query);
  const token = query.get("continue") ?? "";
  const listing: Listing = {
    store,
    selection: selectionOf(call),
    limit: numberOf(query, "limit") || Infinity,
    continuation: token === "" ? undefined : continuationOf(token),
  };
  const first = await firstPage(listing, listRevision(query, listing.limit));
  rejectFuture(revisionOf(query) ?? 0, first.revision);
  return answer(call.request, await contentOf(call, listing, first), { encoding: call.accepted.encoding });
}

async function contentOf(call: Call, listing: Listing, first: ListPage): Promise<Content> {
  const writer = listWriterOf(call);
  const isWhole = first.next === undefined || first.items.length >= listing.limit;
  if (!isWhole && listing.limit === Infinity && call.accepted.encoding === "json") return stream(textWriterOf(call), listing, first);
  const { items, last } = await gather(listing, first, writer.item);
  return writer.whole(metadataOf(last, listing, last.next), items);
}

async function firstPage(listing: Listing, revision: number | undefined): Promise<ListPage> {
  const { store, selection, limit, continuation } = listing;
  const at = continuation === undefined ? revision : continuation.revision < 0 ? undefined : continuation.revision;
  const page = await store.list({
    ...selection,
    limit: Math.min(limit, chunkItems),
    ...(continuation === undefined ? {} : { after: continuation.after }),
    ...(at === undefined ? {} : { atRevision: at }),
  });
  if (!("expired" in page)) return page;
  if (continuation !== undefined) throw expiredContinuation(continuation.after);
  throw StatusError.expired("The resourceVersion for the provided list is too old.");
}

async function nextPage(listing: Listing, before: ListPage, wanted: number): Promise<ListPage> {
  const { store, selection } = listing;
  const after = before.next;
  if (after === undefined) throw new Error("asked for a page after the last");
  const page = await store.list({ ...selection, after, atRevision: before.revision, limit: Math.min(wanted, chunkItems) });
  if ("expired" in page) throw expiredContinuation(after);
  return page;
}

/** Gathered first where the list's metadata names what remains, or where its length stands in front of it. */
async function gather<T>(listing: Listing, first: ListPage, itemOf: (stored: StoredObject) => T): Promise<{ items: T[]; last: ListPage }> {
  const items = first.items.map(itemOf);
  let last = first;
  while (last.next !== undefined && items.length < listing.limit) {
    last = await nextPage(listing, last, listing.limit - items.length);
    items.push(...last.items.map(itemOf));
  }
  return { items, last };
}

function stream(body: TextWriter, listing: Listing, first: ListPage): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let page: ListPage | undefined = first;
  return new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(body.head(metadataOf(first, listing, undefined)) + first.items.map(body.item).join(",")));
    },
    async pull(controller) {
      if (page?.next === undefined) {
        controller.enqueue(encoder.encode("]}\n"));
        controller.close();
        return;
      }
      page = await nextPage(listing, page, Infinity);
      controller.enqueue(encoder.encode(page.items.map((item) => `,${body.item(item)}`).join("")));
    },
  });
}

/** `remainingItemCount` is for lists without selectors only, as upstream. */
function metadataOf({ revision, remaining }: ListPage, listing: Listing, next: string | undefined): object {
  const isSelecting = listing.selection.labels !== undefined || listing.selection.fields !== undefined;
  return {
    resourceVersion: String(revision),
    ...(next === undefined ? {} : { continue: continueToken({ revision, after: next }) }),
    ...(next === undefined || remaining === undefined || isSelecting ? {} : { remainingItemCount: remaining }),
  };
}
