/**
 * Label and field selectors, as query parameters (`a=b,c in (d,e),!f`) and as `LabelSelector` objects.
 * Grammar and errors: k8s.io/apimachinery/pkg/labels and …/fields.
 */

export interface LabelRequirement {
  key: string;
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  values?: string[];
}

export interface FieldRequirement {
  field: string;
  operator: "=" | "!=";
  value: string;
}

/** `metav1.LabelSelector`, structurally. */
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export type Parsed<T> = { ok: true; requirements: T[] } | { ok: false; message: string };

/** A set-based term (`key in (a,b)`) or one with an equality operator; commas inside parentheses belong to the term. */
const termPattern = /[^,(]+(?:\([^)]*\))?/g;

/** Parses a label selector of a query string. An empty one selects everything (no requirements). */
export function parseLabelSelector(text: string): Parsed<LabelRequirement> {
  if (text.trim() === "") return { ok: true, requirements: [] };
  const terms = text.match(termPattern) ?? [];
  if (terms.join(",") !== text) return unparsable(text);
  const requirements: LabelRequirement[] = [];
  for (const term of terms) {
    const requirement = parseTerm(term.trim());
    if (requirement === undefined) return unparsable(text);
    requirements.push(requirement);
  }
  return { ok: true, requirements };
}

const name = "[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?";
const value = "(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?";
const existsPattern = new RegExp(`^(!?)\\s*(${name})$`);
const equalityPattern = new RegExp(`^(${name})\\s*(==|=|!=)\\s*(${value})$`);
const setPattern = new RegExp(`^(${name})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);

function parseTerm(term: string): LabelRequirement | undefined {
  const exists = existsPattern.exec(term);
  if (exists?.[2] !== undefined) return { key: exists[2], operator: exists[1] === "!" ? "DoesNotExist" : "Exists" };
  const equality = equalityPattern.exec(term);
  if (equality?.[1] !== undefined) {
    return { key: equality[1], operator: equality[2] === "!=" ? "NotIn" : "In", values: [equality[3] ?? ""] };
  }
  const set = setPattern.exec(term);
  if (set?.[1] === undefined) return undefined;
  const values = (set[3] ?? "").split(",").map((item) => item.trim());
  return { key: set[1], operator: set[2] === "in" ? "In" : "NotIn", values };
}

function unparsable(text: string): { ok: false; message: string } {
  return { ok: false, message: `unable to parse requirement: ${JSON.stringify(text)} is not a label selector` };
}

/** The requirements of a LabelSelector object. An empty selector selects everything, as `{}` does in Kubernetes. */
export function requirementsOf(selector: LabelSelector): LabelRequirement[] {
  const equal = Object.entries(selector.matchLabels ?? {}).map(
    ([key, only]): LabelRequirement => ({ key, operator: "In", values: [only] }),
  );
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }): LabelRequirement => {
    if (!isOperator(operator)) throw new TypeError(`not a label selector operator: ${operator}`);
    return values === undefined ? { key, operator } : { key, operator, values };
  });
  return [...equal, ...expressions];
}

const operators: readonly string[] = ["In", "NotIn", "Exists", "DoesNotExist"] satisfies LabelRequirement["operator"][];
const isOperator = (operator: string): operator is LabelRequirement["operator"] => operators.includes(operator);

export function matchesLabels(requirements: readonly LabelRequirement[], labels: Record<string, string> | undefined): boolean {
  return requirements.every((requirement) => matchesLabel(requirement, labels ?? {}));
}

/** A selector that is absent selects nothing; an empty one everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Record<string, string> | undefined): boolean {
  return selector !== undefined && matchesLabels(requirementsOf(selector), labels);
}

function matchesLabel({ key, operator, values = [] }: LabelRequirement, labels: Record<string, string>): boolean {
  const actual = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return actual !== undefined && values.includes(actual);
    case "NotIn": // as in Kubernetes, an absent label is "not in"
      return actual === undefined || !values.includes(actual);
    case "Exists":
      return actual !== undefined;
    case "DoesNotExist":
      return actual === undefined;
  }
}

/** `status.phase=Running,spec.nodeName!=a`; `\\`, `\,` and `\=` are escapes inside values. */
export function parseFieldSelector(text: string): Parsed<FieldRequirement> {
  const requirements: FieldRequirement[] = [];
  for (const term of text.split(/(?<!\\),/)) {
    if (term === "") continue;
    const match = /^([^=!]+)(==|=|!=)(.*)$/s.exec(term);
    if (match?.[1] === undefined) {
      return { ok: false, message: `invalid selector: '${text}'; can't understand '${term}'` };
    }
    const operator = match[2] === "!=" ? "!=" : "=";
    requirements.push({ field: match[1], operator, value: (match[3] ?? "").replace(/\\([\\,=])/g, "$1") });
  }
  return { ok: true, requirements };
}

export function matchesFields(requirements: readonly FieldRequirement[], fields: Record<string, string>): boolean {
  return requirements.every(({ field, operator, value: wanted }) => ((fields[field] ?? "") === wanted) === (operator === "="));
}
