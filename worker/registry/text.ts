/**
 * Between objects and their stored text. The text leaves out what the store or the reader's version decides
 * (apiVersion, kind, resourceVersion), so that a revision can be spliced in front without parsing anything. Only where
 * a custom kind has several versions a text says, as its last word, which of them it is in.
 */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { CustomVersions, Resource } from "../resources/resource.ts";
import type { ObjectText, StoredObject } from "../storage/store.ts";

const textHead = '{"metadata":{';

/** What names the version that an object is read in; a whole Resource will do. */
export type GroupVersionKind = Pick<Resource, "group" | "version" | "kind" | "conversion" | "custom">;

export function apiVersionOf({ group, version }: Pick<GroupVersionKind, "group" | "version">): string {
  return group === "" ? version : `${group}/${version}`;
}

/** The text that the store keeps; begins with `{"metadata":{"name"`. `mark` is the version that it has to name. */
export function textOf(object: KubernetesObject, mark?: string): ObjectText {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
  const { resourceVersion: _resourceVersion, name, ...meta } = metadata ?? {};
  return JSON.stringify({ metadata: { name, ...meta }, ...rest, ...(mark === undefined ? {} : { apiVersion: mark }) });
}

const markHead = ',"apiVersion":"';

/** The version that a text is in. */
export function versionOfText({ unmarked }: Pick<CustomVersions, "unmarked">, text: ObjectText): string {
  return markOf(text) ?? unmarked;
}

/** No value of a field can look like it: this one stands at the end of the whole text. */
function markOf(text: ObjectText): string | undefined {
  const at = text.lastIndexOf(markHead);
  const tail = at < 0 ? "" : text.slice(at + markHead.length);
  return /^[^"\\]*"}$/.test(tail) ? tail.slice(0, -2) : undefined;
}

function withoutMark(text: ObjectText): ObjectText {
  const mark = markOf(text);
  return mark === undefined ? text : `${text.slice(0, -(markHead.length + mark.length + 2))}}`;
}

/** Objects in another version than they would be stored in now: what changes nothing else about one is a change all the same. */
const outdated = new WeakSet<object>();

export function isOutdated(object: object): boolean {
  return outdated.has(object);
}

/** The object's JSON as a client reads it, made without a parse (but for a kind that is stored as another). */
export function splice(resource: GroupVersionKind, stored: Pick<StoredObject, "text" | "revision">): string {
  if (resource.conversion !== undefined) return JSON.stringify(servedAs(resource, objectOf(resource.conversion.stored, stored)));
  if (resource.custom?.fromStorage !== undefined) return JSON.stringify(objectOf(resource, stored));
  return headOf(resource) + stored.revision + '",' + bodyOf(resource, stored.text);
}

/** What comes after the text's head. */
function bodyOf({ custom }: GroupVersionKind, text: ObjectText): string {
  return (custom?.versions === undefined ? text : withoutMark(text)).slice(textHead.length);
}

/** The same for an item of a list, whose kind the list's own names; as upstream, a custom resource names it all the same. */
export function spliceItem(resource: GroupVersionKind, stored: Pick<StoredObject, "text" | "revision">): string {
  const { conversion, custom } = resource;
  if (custom !== undefined) return splice(resource, stored);
  if (conversion !== undefined) return JSON.stringify(itemOf(conversion.fromStored(objectOf(conversion.stored, stored))));
  return `{"metadata":{"resourceVersion":"${stored.revision}",` + bodyOf(resource, stored.text);
}

/** The parsed object; the caller owns it and may change it. Of a kind that webhooks convert: in the version of its text. */
export function objectOf<T extends KubernetesObject = KubernetesObject>(
  resource: GroupVersionKind,
  stored: Pick<StoredObject, "text" | "revision" | "isOutdated">,
): Stored<T> {
  // What was stored passed the resource's validation when it was written.
  const object = JSON.parse(resource.conversion === undefined ? headOf(resource) + stored.revision + '",' + stored.text.slice(textHead.length) : splice(resource, stored)) as Stored<T>;
  const { versions, fromStorage } = resource.custom ?? {};
  if (versions !== undefined) noteVersion(resource, versions, object, stored);
  return fromStorage === undefined ? object : fromStorage(object);
}

function noteVersion(resource: GroupVersionKind, versions: CustomVersions, object: KubernetesObject, { text, isOutdated: isKnownOutdated }: Pick<StoredObject, "text" | "isOutdated">): void {
  const version = versionOfText(versions, text);
  object.apiVersion = versions.webhook === undefined ? apiVersionOf(resource) : version;
  if (isKnownOutdated === true || (versions.webhook === undefined && version !== versions.storage)) outdated.add(object);
}

/** The stored object as a client of `resource` sees it, with that kind's own names. */
export function servedAs<T extends KubernetesObject>(resource: GroupVersionKind, object: Stored<T>): Stored<KubernetesObject> {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = resource.conversion?.fromStored(object) ?? object;
  return { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata: { ...object.metadata, ...metadata }, ...rest };
}

function itemOf({ apiVersion: _apiVersion, kind: _kind, ...rest }: KubernetesObject): KubernetesObject {
  return rest;
}

const heads = new Map<string, string>();

function headOf(resource: GroupVersionKind): string {
  const apiVersion = apiVersionOf(resource);
  const id = `${apiVersion} ${resource.kind}`;
  const known = heads.get(id);
  if (known !== undefined) return known;
  const head = `{"kind":"${resource.kind}","apiVersion":"${apiVersion}","metadata":{"resourceVersion":"`;
  heads.set(id, head);
  return head;
}
