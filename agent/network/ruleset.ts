/**
 * A ruleset as data, its text for `nft -f -`, and the text that turns one into another. Pure. What does not change is
 * not mentioned, so the kernel's round-robin counters (they live in the rules) and affinity sets go on.
 */

export interface Ruleset {
  /** Sets that the kernel fills (affinity), by name: their declaration. */
  sets: ReadonlyMap<string, string>;
  /** Chains of services, by name: their rules. A rule may name a chain of a later entry. */
  chains: ReadonlyMap<string, readonly string[]>;
  /** Elements of the fixed maps and sets, by the map's name; a set's elements have an empty value. */
  elements: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** What never changes while a table lives: fixed maps, and the chains that hang in the kernel's hooks. */
export interface Frame {
  table: string;
  /** Declarations inside the table, in nft's syntax. */
  body: string;
}

export const emptyRuleset: Ruleset = { sets: new Map(), chains: new Map(), elements: new Map() };

/** Replaces the whole table in one transaction: declaring it first makes its deletion valid when it is absent. */
export function renderAll(frame: Frame, ruleset: Ruleset): string {
  const table = `table ip ${frame.table}`;
  return `${table} {}\ndelete ${table}\n${table} {\n${frame.body}}\n${renderChange(frame.table, emptyRuleset, ruleset)}`;
}

/** The commands from one ruleset to the other, one transaction; empty if nothing changed. */
export function renderChange(table: string, from: Ruleset, to: Ruleset): string {
  const lines = [
    ...removedElements(table, from, to),
    ...newSets(table, from, to),
    ...changedChains(table, from, to),
    ...goneChains(table, from, to),
    ...goneSets(table, from, to),
    ...newElements(table, from, to),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Elements whose value changes are removed and added: nft has no replacement of a map's element. */
function removedElements(table: string, from: Ruleset, to: Ruleset): string[] {
  return [...from.elements].flatMap(([name, elements]) => {
    const after = to.elements.get(name);
    const gone = [...elements].filter(([key, value]) => after?.get(key) !== value).map(([key]) => key);
    return gone.length === 0 ? [] : [`delete element ip ${table} ${name} { ${gone.join(", ")} }`];
  });
}

function newElements(table: string, from: Ruleset, to: Ruleset): string[] {
  return [...to.elements].flatMap(([name, elements]) => {
    const before = from.elements.get(name);
    const added = [...elements].filter(([key, value]) => before?.get(key) !== value);
    const texts = added.map(([key, value]) => (value === "" ? key : `${key} : ${value}`));
    return texts.length === 0 ? [] : [`add element ip ${table} ${name} { ${texts.join(", ")} }`];
  });
}

function newSets(table: string, from: Ruleset, to: Ruleset): string[] {
  return [...to.sets].filter(([name]) => !from.sets.has(name)).map(([name, text]) => `add set ip ${table} ${name} ${text}`);
}

function goneSets(table: string, from: Ruleset, to: Ruleset): string[] {
  return [...from.sets.keys()].filter((name) => !to.sets.has(name)).map((name) => `delete set ip ${table} ${name}`);
}

/** All new chains exist before the first rule names one. */
function changedChains(table: string, from: Ruleset, to: Ruleset): string[] {
  const changed = [...to.chains].filter(([name, rules]) => !isSame(from.chains.get(name), rules));
  const created = changed.filter(([name]) => !from.chains.has(name)).map(([name]) => `add chain ip ${table} ${name}`);
  const filled = changed.flatMap(([name, rules]) => [
    ...(from.chains.has(name) ? [`flush chain ip ${table} ${name}`] : []),
    ...rules.map((rule) => `add rule ip ${table} ${name} ${rule}`),
  ]);
  return [...created, ...filled];
}

/** Emptied first: a chain that another one names cannot be deleted. */
function goneChains(table: string, from: Ruleset, to: Ruleset): string[] {
  const gone = [...from.chains.keys()].filter((name) => !to.chains.has(name));
  return [...gone.map((name) => `flush chain ip ${table} ${name}`), ...gone.map((name) => `delete chain ip ${table} ${name}`)];
}

function isSame(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a === b || (a !== undefined && a.length === b.length && a.every((rule, index) => rule === b[index]));
}
