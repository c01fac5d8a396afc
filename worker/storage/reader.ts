/** Reads of the state at one revision: selection from memory without waiting, then the texts. */
import { byCodeUnits, firstAtOrAfter } from "./catalog.ts";
import type { HistoryRow } from "./persistence.ts";
import { everyResource, isSelected, namespaceOf, resourceOf, seenAs } from "./selection.ts";
import type { State } from "./state.ts";
import { resourceScope, type ChangedLists, type ChangeEvent, type ChangesQuery, type Expired, type ListPage, type ListQuery, type ObjectIndex, type ObjectKey, type ObjectText, type StoredObject } from "./store.ts";

const historyAtOnce = 2_000;

interface Found {
  key: ObjectKey;
  revision: number;
}

interface Picked {
  items: Found[];
  revision: number;
  next?: ObjectKey;
  remaining?: number;
}

/** What a key was at a past revision, for the keys that have changed since. */
type Past = Map<ObjectKey, { revision: number; index: ObjectIndex } | undefined>;

export async function readMany(state: State, keys: ObjectKey[]): Promise<{ revision: number; items: (StoredObject | undefined)[] }> {
  const { revision } = state;
  const found = keys.map((key) => state.entry(key));
  const texts = await state.texts(found.flatMap((entry) => (entry === undefined ? [] : [entry.revision])));
  const items = found.map((entry) => {
    if (entry === undefined) return undefined;
    return { key: entry.key, revision: entry.revision, text: textIn(texts, entry.revision) };
  });
  return { revision, items };
}

export async function readList(state: State, query: ListQuery): Promise<ListPage | Expired> {
  const at = query.atRevision;
  if (at === undefined || at >= state.revision) return withTexts(state, pick(state, query));
  if (at < state.floor) return expired(state);
  const past = await pastOf(state, at);
  return withTexts(state, pick(state, query, { revision: at, past }));
}

/** The selections are made in one go, so all are of one revision. */
export async function readLists(state: State, queries: ListQuery[]): Promise<ListPage[]> {
  const picked = queries.map((query) => pick(state, query));
  return Promise.all(picked.map((each) => withTexts(state, each)));
}

export async function readChangedLists(state: State, held: Record<string, number>): Promise<ChangedLists> {
  const { clusterUid, revision } = state;
  // A caller that is ahead has seen another database.
  const isStale = ([resource, since]: [string, number]) => since > revision || state.scopeRevision(resourceScope(resource)) > since;
  const changed = Object.entries(held).filter(isStale).map(([resource]) => resource);
  const pages = await readLists(state, changed.map((resource) => ({ resource })));
  return { clusterUid, revision, lists: Object.fromEntries(changed.map((resource, at) => [resource, pages[at]?.items ?? []])) };
}

export function expired({ floor, revision }: State): Expired {
  return { expired: true, floor, revision };
}

/** Undoes, newest first, what came after a revision. */
async function pastOf(state: State, revision: number): Promise<Past> {
  const past: Past = new Map();
  for (const { key, previous, before } of (await historyAfter(state, revision)).toReversed()) {
    past.set(key, before && { revision: previous, index: before });
  }
  return past;
}

async function historyAfter(state: State, revision: number): Promise<HistoryRow[]> {
  const head = state.revision;
  const rows: HistoryRow[] = [];
  for (let at = revision; at < head;) {
    const page = await state.history(at, historyAtOnce);
    const last = page.at(-1);
    if (last === undefined) throw new Error(`history ends at ${at}, before ${head}`);
    for (const row of page) if (row.revision <= head) rows.push(row);
    at = last.revision;
  }
  return rows;
}

function pick(state: State, query: ListQuery, at?: { revision: number; past: Past }): Picked {
  const { keys, end, ...range } = candidates(state, query, at?.past);
  const start = query.after === undefined ? range.start : Math.max(range.start, firstAtOrAfter(keys, `${query.after}\0`));
  const limit = query.limit === undefined || query.limit <= 0 ? Infinity : query.limit;
  const picked: Picked = { items: [], revision: at?.revision ?? state.revision };
  for (let position = start; position < end; position++) {
    const key = keys[position];
    const entry = key === undefined ? undefined : stateOf(state, key, at?.past);
    if (key === undefined || entry === undefined || !isSelected(query, key, entry.index)) continue;
    if (picked.items.length === limit) {
      const last = picked.items.at(-1);
      if (last !== undefined) picked.next = last.key;
      if (isUnfiltered(query)) picked.remaining = end - position;
      break;
    }
    picked.items.push({ key, revision: entry.revision });
  }
  return picked;
}

function stateOf(state: State, key: ObjectKey, past: Past | undefined): { revision: number; index: ObjectIndex } | undefined {
  return past?.has(key) === true ? past.get(key) : state.entry(key);
}

/** Keys that may match, sorted: those of a term, of a namespace, or of a resource; with those that are gone since. */
function candidates(state: State, query: ListQuery, past: Past | undefined): { keys: readonly ObjectKey[]; start: number; end: number } {
  if (query.term !== undefined) {
    const keys = new Set([...state.catalog.byTerm(query.term), ...(past?.keys() ?? [])]);
    return { keys: [...keys].toSorted(byCodeUnits), start: 0, end: keys.size };
  }
  if (query.resource === everyResource) throw new Error("a list of every resource needs a term");
  const range = state.catalog.range(query.resource, query.namespace);
  if (past === undefined) return range;
  const keys = new Set(range.keys.slice(range.start, range.end));
  for (const [key, entry] of past) {
    if (entry === undefined) keys.delete(key);
    else if (resourceOf(key) === query.resource && (query.namespace === undefined || namespaceOf(key) === query.namespace)) keys.add(key);
  }
  return { keys: [...keys].toSorted(byCodeUnits), start: 0, end: keys.size };
}

function isUnfiltered({ labels = [], fields = [], term }: ListQuery): boolean {
  return labels.length === 0 && fields.length === 0 && term === undefined;
}

async function withTexts(state: State, picked: Picked): Promise<ListPage> {
  const texts = await state.texts(picked.items.map(({ revision }) => revision), { isScan: true });
  const items = picked.items.map(({ key, revision }) => ({ key, revision, text: textIn(texts, revision) }));
  return { ...picked, items };
}

export async function readChanges(
  state: State,
  queries: ChangesQuery[],
): Promise<{ revision: number; events: ChangeEvent[][] } | Expired> {
  const { revision } = state;
  const since = Math.min(revision, ...queries.map((query) => query.since));
  if (since < state.floor) return expired(state);
  const rows = await historyAfter(state, since);
  const seen = queries.map((query) => rows.flatMap((row) => (row.revision > query.since ? seenIn(query, row) : [])));
  const texts = await state.texts(new Set(seen.flat().map(({ textRevision }) => textRevision)));
  return { revision, events: seen.map((each) => eventsOf(each, texts)) };
}

export interface Seen extends Omit<ChangeEvent, "text"> {
  /** Whose text the event shows: a deletion shows the last state. */
  textRevision: number;
}

export function seenIn(selection: ChangesQuery | ListQuery, row: HistoryRow): Seen[] {
  const type = seenAs(selection, row);
  if (type === undefined) return [];
  const { key, revision, previous, before, after } = row;
  const textRevision = type === "DELETED" ? previous : revision;
  return [{ type, key, revision, uid: (after ?? before)?.uid ?? "", textRevision }];
}

export function eventsOf(seen: Seen[], texts: Map<number, ObjectText>): ChangeEvent[] {
  return seen.map(({ textRevision, ...event }) => ({ ...event, text: textIn(texts, textRevision) }));
}

function textIn(texts: Map<number, ObjectText>, revision: number): ObjectText {
  const text = texts.get(revision);
  if (text === undefined) throw new Error(`the text of revision ${revision} was not read`);
  return text;
}
