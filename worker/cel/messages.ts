/**
 * Messages as the expressions of MutatingAdmissionPolicies build them (./message-literals.ts): maps that know the name of
 * their type. https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/
 */
import { Optional, type ASTNode, type Environment } from "@marcbachmann/cel-js";
import type { CelValue } from "./cel.ts";

const typeOf = Symbol("type of a message");

interface Type {
  name: string;
  kind: string;
}

/** Parts of the library's inside that a macro is handed. */
interface Checker {
  check(node: ASTNode, context: unknown): Type;
  getType(name: string): Type;
  createError(code: string, summary: string, node: ASTNode): Error;
}

interface Evaluator {
  run(node: ASTNode, context: unknown): unknown;
}

type Entry = [key: ASTNode, value: ASTNode];

const patchFields: Record<string, string> = { op: "string", path: "string", from: "string", value: "dyn" };

class ObjectType {}
class PatchType {}
class JsonPatchFunctions {}

/** `isChecking`: types are told; else messages are what they hold. */
export function registerMessages(environment: Environment, isChecking: boolean): void {
  environment
    .registerType("Object", ObjectType)
    .registerType("JSONPatch", { ctor: PatchType, fields: patchFields })
    .registerFunction("kedgeMessage(ast, ast): dyn", messageMacro(isChecking))
    .registerType("kubernetes.JSONPatchFunctions", JsonPatchFunctions)
    .registerConstant("jsonpatch", "kubernetes.JSONPatchFunctions", new JsonPatchFunctions())
    .registerFunction("kubernetes.JSONPatchFunctions.escapeKey(string): string", (_functions: JsonPatchFunctions, key: string) =>
      key.replaceAll("~", "~0").replaceAll("/", "~1"));
  // Only for the check: messages may be compared.
  if (isChecking) for (const name of ["Object", "JSONPatch"]) environment.registerOperator(`${name} == ${name}`, () => false);
}

function messageMacro(isChecking: boolean) {
  return ({ args }: { args: ASTNode[] }) => {
    const name = String(args[0]?.args);
    // The rewriting wrote a map.
    const entries = args[1]?.args as Entry[];
    return {
      async: false,
      typeCheck(checker: Checker, _macro: unknown, context: unknown) {
        for (const entry of entries) checkEntry(checker, name, entry, context);
        return checker.getType(isChecking && (name === "Object" || name === "JSONPatch") ? name : "dyn");
      },
      evaluate(evaluator: Evaluator, _macro: unknown, context: unknown) {
        const fields = entries.flatMap(([key, node]): [string, unknown][] => {
          const [field, isOptional] = fieldOf(key);
          const value = evaluator.run(node, context);
          if (!isOptional) return [[field, value]];
          return value instanceof Optional && value.hasValue() ? [[field, value.value()]] : [];
        });
        return Object.defineProperty(Object.fromEntries(fields), typeOf, { value: name });
      },
    };
  };
}

function checkEntry(checker: Checker, message: string, [key, node]: Entry, context: unknown): void {
  const [field, isOptional] = fieldOf(key);
  const { name, kind } = checker.check(node, context);
  if (isOptional && kind !== "optional" && kind !== "dyn") throw mismatch(checker, node, { field, wanted: "optional_type", found: name });
  if (message !== "JSONPatch") return;
  const wanted = Object.hasOwn(patchFields, field) ? patchFields[field] : undefined;
  if (wanted === undefined) throw checker.createError("undefined_field", `undefined field '${field}'`, key);
  if (wanted !== "dyn" && kind !== "dyn" && !isOptional && name !== wanted) throw mismatch(checker, node, { field, wanted, found: name });
}

function mismatch(checker: Checker, node: ASTNode, { field, wanted, found }: Record<"field" | "wanted" | "found", string>): Error {
  return checker.createError("field_type", `expected type of field '${field}' is '${wanted}' but provided type is '${found}'`, node);
}

function fieldOf(key: ASTNode): [name: string, isOptional: boolean] {
  const name = String(key.args);
  return name.startsWith("?") ? [name.slice(1), true] : [name, false];
}

/** Undefined: it is none. */
export function messageType(value: CelValue): string | undefined {
  return typeof value === "object" && value !== null && typeOf in value ? String(value[typeOf]) : undefined;
}

/** Messages below a message must be called after the fields that lead to them; lists and maps between do not count. */
export function misnamedMessages(value: CelValue): string[] {
  const type = messageType(value);
  return type === undefined ? [] : misnamedAt(value, type);
}

function misnamedAt(value: CelValue, path: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  const type = messageType(value);
  const errors = type === undefined || type === path
    ? []
    : [`unexpected type name ${JSON.stringify(type)}, expected ${JSON.stringify(path)}, which matches field name path from root Object type`];
  const below = Object.entries(value).flatMap(([name, one]) => misnamedAt(one, type === undefined ? path : `${path}.${name}`));
  return [...errors, ...below];
}
