/** The label selector of a query string: `a=b,c in (d,e),!f,g>1`. Grammar and words: k8s.io/apimachinery/pkg/labels. */
import type { LabelRequirement, Parsed } from "../../protocol/selectors.ts";
import { labelValueErrors, qualifiedNameErrors } from "./rules/names.ts";

/** An empty one selects everything (no requirements). */
export function parseLabelSelector(text: string): Parsed<LabelRequirement> {
  try {
    return { ok: true, requirements: requirementsIn(new Tokens(text)) };
  } catch (error) {
    if (error instanceof Unparsable) return { ok: false, message: error.message };
    throw error;
  }
}

class Unparsable extends Error {}

/** Marks, and words between them; the end is an empty one. */
class Tokens {
  readonly #all: string[];
  #at = 0;

  constructor(text: string) {
    this.#all = text.match(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g) ?? [];
  }

  get next(): string {
    return this.#all[this.#at] ?? "";
  }

  take(): string {
    const token = this.next;
    this.#at += 1;
    return token;
  }
}

const isWord = (token: string): boolean => /^[^=!(),<>]/.test(token);
const isTermStart = (token: string): boolean => isWord(token) || token === "!";

function requirementsIn(tokens: Tokens): LabelRequirement[] {
  const requirements: LabelRequirement[] = [];
  if (tokens.next === "") return requirements;
  if (!isTermStart(tokens.next)) throw new Unparsable(`found '${tokens.next}', expected: !, identifier, or 'end of string'`);
  for (;;) {
    requirements.push(termIn(tokens));
    const separator = tokens.take();
    if (separator === "") return requirements;
    if (separator !== ",") throw new Unparsable(`found '${separator}', expected: ',' or 'end of string'`);
    if (!isTermStart(tokens.next)) throw new Unparsable(`found '${tokens.next}', expected: identifier after ','`);
  }
}

function termIn(tokens: Tokens): LabelRequirement {
  try {
    return requirementIn(tokens);
  } catch (error) {
    if (error instanceof Unparsable) throw new Unparsable(`unable to parse requirement: ${error.message}`);
    throw error;
  }
}

function requirementIn(tokens: Tokens): LabelRequirement {
  const isAbsent = tokens.next === "!";
  if (isAbsent) tokens.take();
  const key = wordIn(tokens);
  // Upstream's path of the key is none, which Go prints like this.
  reject("<nil>", key, qualifiedNameErrors(key));
  if (isAbsent) return { key, operator: "DoesNotExist" };
  if (tokens.next === "" || tokens.next === ",") return { key, operator: "Exists" };
  const sign = tokens.take();
  const operator = operators.get(sign);
  if (operator === undefined) throw new Unparsable(`found '${sign}', expected: in, notin, =, ==, !=, gt, lt`);
  const values = sign === "in" || sign === "notin" ? valuesIn(tokens) : [tokens.next === "" || tokens.next === "," ? "" : wordIn(tokens)];
  return checked({ key, operator, values });
}

const operators = new Map<string, LabelRequirement["operator"]>([
  ["in", "In"],
  ["=", "In"],
  ["==", "In"],
  ["notin", "NotIn"],
  ["!=", "NotIn"],
  [">", "Gt"],
  ["<", "Lt"],
]);

function wordIn(tokens: Tokens): string {
  const word = tokens.take();
  if (!isWord(word)) throw new Unparsable(`found '${word}', expected: identifier`);
  return word;
}

/** `(a,b)`; nothing before, between or after commas is the empty value. */
function valuesIn(tokens: Tokens): string[] {
  const opening = tokens.take();
  if (opening !== "(") throw new Unparsable(`found '${opening}' expected: '('`);
  const values = new Set<string>();
  for (;;) {
    values.add(isWord(tokens.next) ? tokens.take() : "");
    const mark = tokens.take();
    if (mark === ")") return [...values].toSorted();
    if (mark === ",") continue;
    throw new Unparsable(values.size === 1 && values.has("") ? `found '${mark}', expected: ',', ')' or identifier` : `found '${mark}', expected: ',' or ')'`);
  }
}

function checked(requirement: Required<LabelRequirement>): LabelRequirement {
  const { key, operator, values } = requirement;
  for (const [at, value] of values.entries()) {
    if ((operator === "Gt" || operator === "Lt") && !/^[-+]?\d+$/.test(value)) {
      reject(`values[${at}]`, value, ["for 'Gt', 'Lt' operators, the value must be an integer"]);
    }
    reject(`values[${at}][${key}]`, value, labelValueErrors(value));
  }
  return requirement;
}

function reject(path: string, value: string, errors: string[]): void {
  if (errors.length > 0) throw new Unparsable(`${path}: Invalid value: ${JSON.stringify(value)}: ${errors.join("; ")}`);
}
