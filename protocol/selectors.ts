/**
 * Label and field selectors: what they match, `LabelSelector` objects, and field selectors of query strings.
 * Semantics: k8s.io/apimachinery/pkg/labels and …/fields.
 */

export interface LabelRequirement {
  key: string;
  /** `Gt` and `Lt` compare integers; only query strings have them (`a>1`). */
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
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
    case "Gt":
      return compare(actual, values[0]) > 0;
    case "Lt":
      return compare(actual, values[0]) < 0;
  }
}

/** NaN where one of them is no integer: it is neither more nor less. */
function compare(actual: string | undefined, bound: string | undefined): number {
  if (actual === undefined || bound === undefined || !/^[-+]?\d+$/.test(actual)) return Number.NaN;
  const [left, right] = [BigInt(actual.replace("+", "")), BigInt(bound.replace("+", ""))];
  return left > right ? 1 : left < right ? -1 : 0;
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
