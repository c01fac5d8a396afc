/**
 * LIST: at one revision, in pages of the client's choosing; whatever the page, the store is asked in bounded chunks
 * and the answer streams, so that a list is never in memory as a whole.
 */
import { StatusError } from "../../../protocol/status.ts";
import { apiVersionOf, objectOf, spliceItem } from "../../registry/text.ts";
import type { Resource } from "../../resources/resource.ts";
import type { ListPage, Selection, Store, StoredObject } from "../../storage/store.ts";
import { acceptOf, type Form } from "../formats/accept.ts";
import type { Call } from "../context.ts";
import { continuationOf, continueToken, expiredContinuation, type Continuation } from "./continue-token.ts";
import { numberOf } from "../options.ts";
import { checkListVersions, listRevision, rejectFuture, revisionOf } from "../resource-version.ts";
import { selectionOf } from "../selection.ts";
import { definitionOf, includeObjectOf, rowOf } from "../formats/table.ts";
import { partialMetadata } from "../formats/metadata-form.ts";

const chunkItems = 500;

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
  const form = acceptOf(call.request).form;
  const first = await firstPage(listing, listRevision(query));
  rejectFuture(revisionOf(query) ?? 0, first.revision);
  const body = bodyOf(call, form);
  const isWhole = first.next === undefined || first.items.length >= listing.limit;
  if (isWhole) return json(body.head(metadataOf(first, listing, first.next)) + first.items.map(body.item).join(",") + "]}\n");
  if (listing.limit !== Infinity) return json(await collect(body, listing, first));
  return json(stream(body, listing, first));
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
  throw StatusError.tooOldResourceVersion(revision ?? 0, page.revision);
}

async function nextPage(listing: Listing, before: ListPage, wanted: number): Promise<ListPage> {
  const { store, selection } = listing;
  const after = before.next;
  if (after === undefined) throw new Error("asked for a page after the last");
  const page = await store.list({ ...selection, after, atRevision: before.revision, limit: Math.min(wanted, chunkItems) });
  if ("expired" in page) throw expiredContinuation(after);
  return page;
}

/** A limit above one chunk: gathered first, because the list's metadata names what remains. */
async function collect(body: ListBody, listing: Listing, first: ListPage): Promise<string> {
  const items = first.items.map(body.item);
  let page = first;
  while (page.next !== undefined && items.length < listing.limit) {
    page = await nextPage(listing, page, listing.limit - items.length);
    items.push(...page.items.map(body.item));
  }
  return `${body.head(metadataOf(page, listing, page.next))}${items.join(",")}]}\n`;
}

function stream(body: ListBody, listing: Listing, first: ListPage): ReadableStream<Uint8Array> {
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
  const isInconsistent = listing.continuation !== undefined && listing.continuation.revision < 0;
  return {
    resourceVersion: String(revision),
    ...(next === undefined ? {} : { continue: continueToken({ revision: isInconsistent ? -1 : revision, after: next }) }),
    ...(next === undefined || remaining === undefined || isSelecting ? {} : { remainingItemCount: remaining }),
  };
}

interface ListBody {
  /** All up to and including `[`. */
  head(metadata: object): string;
  item(stored: StoredObject): string;
}

function bodyOf({ served: resource, query, context }: Call, form: Form): ListBody {
  switch (form) {
    case "object":
      return { head: (metadata) => listHead(resource.listKind, apiVersionOf(resource), metadata), item: (stored) => spliceItem(resource, stored) };
    case "metadata":
      return {
        head: (metadata) => listHead("PartialObjectMetadataList", "meta.k8s.io/v1", metadata),
        item: (stored) => JSON.stringify(partialMetadata(objectOf(resource, stored))),
      };
    case "table": {
      const options = { include: includeObjectOf(query), now: context.now };
      return {
        head: (metadata) => tableHead(resource, metadata),
        item: (stored) => JSON.stringify(rowOf(resource, objectOf(resource, stored), options)),
      };
    }
  }
}

function listHead(kind: string, apiVersion: string, metadata: object): string {
  return `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`;
}

function tableHead(resource: Resource, metadata: object): string {
  const columns = JSON.stringify(resource.columns.map(definitionOf));
  const start = '{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":';
  return `${start}${JSON.stringify(metadata)},"columnDefinitions":${columns},"rows":[`;
}

function json(body: string | ReadableStream<Uint8Array>): Response {
  return new Response(body, { headers: { "content-type": "application/json" } });
}
