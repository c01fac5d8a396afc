/** How a list is written, in the client's form and encoding. */
import { apiVersionOf, objectOf, spliceItem } from "../../registry/text.ts";
import type { Resource } from "../../resources/resource.ts";
import type { StoredObject } from "../../storage/store.ts";
import type { Call } from "../context.ts";
import { encoded } from "../formats/answer.ts";
import { partialMetadata } from "../formats/metadata-form.ts";
import { definitionOf, includeObjectOf, rowOf } from "../formats/table.ts";
import { encodeList, encodeMessage } from "../protobuf/encode.ts";

type Piece = string | Uint8Array;
type Answered = Pick<Call, "served" | "accepted" | "query" | "context">;

export interface ListWriter {
  item(stored: StoredObject): Piece;
  /** `items` are pieces of its own. */
  whole(metadata: object, items: Piece[]): Piece;
}

/** JSON can be written piece by piece: the head, items with commas between, `]}`. */
export interface TextWriter {
  /** All up to and including `[`. */
  head(metadata: object): string;
  item(stored: StoredObject): string;
}

export function listWriterOf(call: Answered): ListWriter {
  if (call.accepted.encoding === "protobuf") return protobufWriterOf(call);
  const { head, item } = textWriterOf(call);
  const whole = (metadata: object, items: Piece[]) => `${head(metadata)}${items.join(",")}]}\n`;
  if (call.accepted.encoding === "json") return { item, whole };
  return { item, whole: (metadata, items) => encoded(JSON.parse(whole(metadata, items)) as object, "yaml") };
}

/** Items are kept as bytes only, which are fewer than their text. */
function protobufWriterOf({ served, accepted }: Answered): ListWriter {
  const isMetadata = accepted.form === "metadata";
  const type = isMetadata ? metadataKind : { kind: served.kind, apiVersion: apiVersionOf(served) };
  const listKind = isMetadata ? metadataListKind : { kind: served.listKind, apiVersion: type.apiVersion };
  return {
    item(stored) {
      const object = objectOf(served, stored);
      return encodeMessage(type, isMetadata ? partialMetadata(object) : object);
    },
    // Its own pieces are bytes.
    whole: (metadata, items) => encodeList(listKind, metadata, items as Uint8Array[]),
  };
}

const metadataKind = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1" };
const metadataListKind = { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1" };

export function textWriterOf({ served: resource, accepted, query, context }: Answered): TextWriter {
  switch (accepted.form) {
    case "object":
      return { head: (metadata) => listHead({ kind: resource.listKind, apiVersion: apiVersionOf(resource) }, metadata), item: (stored) => spliceItem(resource, stored) };
    case "metadata":
      return {
        head: (metadata) => listHead(metadataListKind, metadata),
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

function listHead({ kind, apiVersion }: { kind: string; apiVersion: string }, metadata: object): string {
  return `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`;
}

function tableHead(resource: Resource, metadata: object): string {
  const columns = JSON.stringify(resource.columns.map(definitionOf));
  const start = '{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":';
  return `${start}${JSON.stringify(metadata)},"columnDefinitions":${columns},"rows":[`;
}
