/** How a watch's events are written: lines of JSON, or frames of protobuf, with the object in each of its forms. */
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import type { StatusError } from "../../../protocol/status.ts";
import { apiVersionOf, objectOf, splice } from "../../registry/text.ts";
import type { Resource } from "../../resources/resource.ts";
import type { ChangeEvent, ChangeType } from "../../storage/store.ts";
import type { Accepted } from "../formats/accept.ts";
import { partialMetadata } from "../formats/metadata-form.ts";
import { tableOf, type IncludeObject } from "../formats/table.ts";
import { encodeFrame, encodeProtobuf } from "../protobuf/encode.ts";

type Piece = string | Uint8Array;
type Text = Pick<ChangeEvent, "text" | "revision">;

export interface EventWriter {
  /** Many at once cost one write to the client. */
  events(events: { type: ChangeType; stored: Text }[]): Piece;
  /** `isInitialEnd`: all that was there when the watch began has been sent. */
  bookmark(revision: number, isInitialEnd?: boolean): Piece;
  error(error: StatusError): Piece;
}

export interface EventOptions {
  resource: Resource;
  accepted: Accepted;
  include: IncludeObject;
  now(): number;
}

const initialEnd = { annotations: { "k8s.io/initial-events-end": "true" } };

export function eventWriter(options: EventOptions): EventWriter {
  return options.accepted.encoding === "protobuf" ? frameWriter(options) : lineWriter(options);
}

function lineWriter(options: EventOptions): EventWriter {
  const textOf = objectTextOf(options);
  return {
    events: (events) => events.map(({ type, stored }) => line(type, textOf(stored))).join(""),
    bookmark: (revision, isInitialEnd = false) => line("BOOKMARK", JSON.stringify(bookmarkObject(options, revision, isInitialEnd))),
    error: (error) => line("ERROR", JSON.stringify(error.status)),
  };
}

function line(type: string, object: string): string {
  return `{"type":"${type}","object":${object}}\n`;
}

function frameWriter(options: EventOptions): EventWriter {
  const { resource, accepted } = options;
  const formed = (object: KubernetesObject) => (accepted.form === "metadata" ? partialMetadata(object) : object);
  return {
    events: (events) => joined(events.map(({ type, stored }) => encodeFrame(type, encodeProtobuf(formed(objectOf(resource, stored)))))),
    bookmark: (revision, isInitialEnd = false) => encodeFrame("BOOKMARK", encodeProtobuf(bookmarkObject(options, revision, isInitialEnd))),
    error: (error) => encodeFrame("ERROR", encodeProtobuf(error.status)),
  };
}

function joined(frames: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}

/** Nothing is parsed when plain JSON is wanted. */
function objectTextOf({ resource, accepted, include, now }: EventOptions): (stored: Text) => string {
  switch (accepted.form) {
    case "object":
      return (stored) => splice(resource, stored);
    case "metadata":
      return (stored) => JSON.stringify(partialMetadata(objectOf(resource, stored)));
    case "table": {
      let hasColumns = true;
      return (stored) => {
        const metadata = { resourceVersion: String(stored.revision) };
        const table = tableOf(resource, [objectOf(resource, stored)], metadata, { include, now: now(), hasColumns });
        hasColumns = false;
        return JSON.stringify(table);
      };
    }
  }
}

function bookmarkObject({ resource, accepted: { form } }: EventOptions, revision: number, isInitialEnd: boolean): object {
  const metadata = { resourceVersion: String(revision), ...(isInitialEnd ? initialEnd : {}) };
  const object = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
  switch (form) {
    case "object":
      return { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata };
    case "metadata":
      return object;
    case "table": {
      const rows = [{ cells: resource.columns.map(() => null), object }];
      const meta = { resourceVersion: metadata.resourceVersion };
      return { kind: "Table", apiVersion: "meta.k8s.io/v1", metadata: meta, columnDefinitions: null, rows };
    }
  }
}
