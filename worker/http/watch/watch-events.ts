/** How a watch's events are written, in each of the three forms. */
import type { StatusError } from "../../../protocol/status.ts";
import { apiVersionOf, objectOf, splice } from "../../registry/text.ts";
import type { Resource } from "../../resources/resource.ts";
import type { ChangeEvent, ChangeType } from "../../storage/store.ts";
import type { Form } from "../formats/accept.ts";
import { partialMetadata } from "../formats/metadata-form.ts";
import { tableOf, type IncludeObject } from "../formats/table.ts";

export interface EventWriter {
  event(type: ChangeType, stored: Pick<ChangeEvent, "text" | "revision">): string;
  /** `isInitialEnd`: all that was there when the watch began has been sent. */
  bookmark(revision: number, isInitialEnd?: boolean): string;
  error(error: StatusError): string;
}

export interface EventOptions {
  resource: Resource;
  form: Form;
  include: IncludeObject;
  now(): number;
}

const initialEnd = { annotations: { "k8s.io/initial-events-end": "true" } };

export function eventWriter(options: EventOptions): EventWriter {
  const { resource, form } = options;
  const encode = form === "table" ? tableEncoder(options) : form === "metadata" ? encodeMetadata : encodeObject;
  return {
    event: (type, stored) => line(type, encode(resource, stored)),
    bookmark: (revision, isInitialEnd = false) => line("BOOKMARK", bookmarkObject(options, revision, isInitialEnd)),
    error: (error) => line("ERROR", JSON.stringify(error.status)),
  };
}

type Encode = (resource: Resource, stored: Pick<ChangeEvent, "text" | "revision">) => string;

const encodeObject: Encode = splice;
const encodeMetadata: Encode = (resource, stored) => JSON.stringify(partialMetadata(objectOf(resource, stored)));

function tableEncoder({ include, now }: EventOptions): Encode {
  let hasColumns = true;
  return (resource, stored) => {
    const metadata = { resourceVersion: String(stored.revision) };
    const table = tableOf(resource, [objectOf(resource, stored)], metadata, { include, now: now(), hasColumns });
    hasColumns = false;
    return JSON.stringify(table);
  };
}

function bookmarkObject({ resource, form }: EventOptions, revision: number, isInitialEnd: boolean): string {
  const metadata = { resourceVersion: String(revision), ...(isInitialEnd ? initialEnd : {}) };
  if (form === "table") {
    const object = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
    const rows = [{ cells: resource.columns.map(() => null), object }];
    const meta = { resourceVersion: metadata.resourceVersion };
    return JSON.stringify({ kind: "Table", apiVersion: "meta.k8s.io/v1", metadata: meta, columnDefinitions: null, rows });
  }
  const isMetadata = form === "metadata";
  const kind = isMetadata ? "PartialObjectMetadata" : resource.kind;
  return JSON.stringify({ kind, apiVersion: isMetadata ? "meta.k8s.io/v1" : apiVersionOf(resource), metadata });
}

function line(type: string, object: string): string {
  return `{"type":"${type}","object":${object}}\n`;
}
