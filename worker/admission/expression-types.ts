/** What expressions of admission may name, and what is known of it (upstream's pkg/admission/plugin/cel). */
import type { CelEnvironment, CelType, Compiled } from "../cel/cel.ts";

const texts: CelType = { list: "string" };
const kind: CelType = { object: { group: "string", version: "string", kind: "string" } };
const resource: CelType = { object: { group: "string", version: "string", resource: "string" } };

/** AdmissionRequest without its uid, and without the objects, which have names of their own. */
export const requestType: CelType = {
  object: {
    kind,
    resource,
    subResource: "string",
    requestKind: kind,
    requestResource: resource,
    requestSubResource: "string",
    name: "string",
    namespace: "string",
    operation: "string",
    userInfo: { object: { username: "string", uid: "string", groups: texts, extra: { map: texts } } },
    dryRun: "bool",
    options: "dyn",
  },
};

export const namespaceType: CelType = {
  object: {
    apiVersion: "string",
    kind: "string",
    metadata: {
      object: {
        name: "string",
        generateName: "string",
        namespace: "string",
        labels: { map: "string" },
        annotations: { map: "string" },
        uid: "string",
        creationTimestamp: "timestamp",
        deletionGracePeriodSeconds: "int",
        deletionTimestamp: "timestamp",
        generation: "int",
        resourceVersion: "string",
        finalizers: texts,
      },
    },
    spec: { object: { finalizers: texts } },
    status: {
      object: {
        conditions: { list: { object: { status: "string", type: "string", lastTransitionTime: "timestamp", message: "string", reason: "string" } } },
        phase: "string",
      },
    },
  },
};

/**
 * What `variables` is where all of them are known; each may name those before it. What depends on a broken one is not
 * broken itself.
 */
export function typesOfVariables(
  environment: CelEnvironment,
  variables: { name: string; expression: string }[],
  onCompiled: (at: number, program: Compiled) => void = () => {},
): CelType {
  const known = new Map<string, CelType>();
  const withNone = environment.with({ variables: { object: {} } });
  for (const [at, { name, expression }] of variables.entries()) {
    const named = namedIn(expression, known);
    const program = (named.length === 0 ? withNone : environment.with({ variables: { object: Object.fromEntries(named) } })).compile(expression);
    onCompiled(at, program);
    known.set(name, "type" in program ? typeOfProgram(program.type) : "dyn");
  }
  return { object: Object.fromEntries(known) };
}

/** Those that an expression may mean, so that many variables do not cost their number squared. */
function namedIn(expression: string, known: ReadonlyMap<string, CelType>): [string, CelType][] {
  if (known.size === 0 || !expression.includes("variables")) return [];
  return [...new Set(expression.match(/\w+/g))].flatMap((word): [string, CelType][] => {
    const type = known.get(word);
    return type === undefined ? [] : [[word, type]];
  });
}

/** A checked expression's type (`Program.type`), where it says more than `dyn`. */
function typeOfProgram(text: string): CelType {
  if (text === "google.protobuf.Timestamp") return "timestamp";
  if (text === "google.protobuf.Duration") return "duration";
  if (isScalar(text)) return text;
  const [, item] = /^list<(.*)>$/.exec(text) ?? [];
  if (item !== undefined) return { list: typeOfProgram(item) };
  const [, value] = /^map<string, (.*)>$/.exec(text) ?? [];
  return value === undefined ? "dyn" : { map: typeOfProgram(value) };
}

const scalars = ["string", "int", "double", "bool", "bytes"] as const;
const isScalar = (text: string): text is (typeof scalars)[number] => (scalars as readonly string[]).includes(text);
