import { beforeAll, describe, expect, it } from "vitest";
import { Budget } from "./budget.ts";
import type { Cel, CelEnvironment } from "./cel.ts";
import { loadCel } from "./load.ts";

let cel: Cel;
let environment: CelEnvironment;
beforeAll(async () => {
  cel = await loadCel();
  environment = cel.environment({ object: "dyn" }, { hasMessages: true });
});

function valueOf(expression: string, object: unknown = {}): unknown {
  const compiled = environment.compile(expression);
  if ("error" in compiled) throw new Error(compiled.error.split("\n")[0]);
  const result = compiled.evaluate({ object: cel.value(object) }, new Budget(100_000));
  if ("error" in result) throw new Error(result.error);
  return result.value;
}

const json = (expression: string, object?: unknown) => cel.json(valueOf(expression, object));

describe("messages", () => {
  it.each<[string, unknown, unknown]>([
    ["Object{spec: Object.spec{replicas: object.n + 1, names: ['a']}}", { n: 1 }, { spec: { replicas: 2, names: ["a"] } }],
    ["object.n % 2 == 0 ? Object{a: 1} : Object{}", { n: 2 }, { a: 1 }],
    ["Object{?a: object.?a, ?b: object.?b, ?c: optional.none()}", { a: "x" }, { a: "x" }],
    ["Object{metadata: Object.metadata{labels: {'a/b': 'c'}}}", {}, { metadata: { labels: { "a/b": "c" } } }],
    ["[JSONPatch{op: 'add', path: '/a', value: {'b': [1, 2]}}]", {}, [{ op: "add", path: "/a", value: { b: [1, 2] } }]],
    ["object.list.map(one, JSONPatch{op: 'remove', path: '/' + one})", { list: ["x", "y"] }, [{ op: "remove", path: "/x" }, { op: "remove", path: "/y" }]],
    ["has(object.a) ? [JSONPatch{op: 'test', path: '/a', value: 1}] : []", {}, []],
    ["[JSONPatch{op: 'add', path: '/spec', value: Object.spec{a: [Object.spec.a{b: 1}]}}]", {}, [{ op: "add", path: "/spec", value: { a: [{ b: 1 }] } }]],
    ["JSONPatch{op: 'add'}.op + jsonpatch.escapeKey('k8s.io/x~y')", {}, "addk8s.io~1x~0y"],
    ["JSONPatch{op: 'add', value: 1} == JSONPatch{op: 'add', value: 1} && JSONPatch{op: 'add'} != JSONPatch{op: 'remove'}", {}, true],
    ["Object{a: 1} == Object{a: 1}", {}, true],
  ])("%s", (expression, object, expected) => {
    expect(json(expression, object)).toEqual(expected);
  });

  it("know their types", () => {
    expect(["Object{}", "[Object{}][0]", "Object.spec{}", "JSONPatch{}", "{'a': 1}"].map((one) => cel.messageType(valueOf(one)))).toEqual([
      "Object", "Object", "Object.spec", "JSONPatch", undefined,
    ]);
    const typeOf = (expression: string) => {
      const compiled = environment.compile(expression);
      return "type" in compiled ? compiled.type : compiled.error;
    };
    expect(["Object{}", "Object.spec{}", "[JSONPatch{}]", "'a'"].map(typeOf)).toEqual(["Object", "dyn", "list<JSONPatch>", "string"]);
  });

  it.each([
    ["Object{spec: Object.specs{}}", ["Object.specs", "Object.spec"]],
    ["Object{spec: Object.spec{list: [Object.spec.list{}, Object.spec.item{}]}}", ["Object.spec.item", "Object.spec.list"]],
    ["Object{spec: {'a': Object.spec.a{}}}", ["Object.spec.a", "Object.spec"]],
    ["Object.spec{a: Object.spec.a{b: Object.spec.a.b{}}}", []],
    ["[Object.a{}, Object.b{}]", []],
  ])("are called as the fields that they are in: %s", (expression, names) => {
    const [found, expected] = names;
    const errors = found === undefined ? [] : [`unexpected type name "${found}", expected "${expected}", which matches field name path from root Object type`];
    expect(cel.misnamedMessages(valueOf(expression))).toEqual(errors);
  });
});

describe("is refused", () => {
  it.each([
    ["[JSONPatch{op: 1}]", "1:16: expected type of field 'op' is 'string' but provided type is 'int'"],
    ["[JSONPatch{ops: 'add'}]", "1:12: undefined field 'ops'"],
    ["Object{?a: 1}", "1:12: expected type of field 'a' is 'optional_type' but provided type is 'int'"],
    ["Object{spec: Object.spec{a: nobody}}", "1:29: undeclared reference to 'nobody' (in container '')"],
    ["Object{'a': 1}", "1:8: Syntax error: mismatched input ''a''"],
    ["Thing{a: 1}", "1:6: "],
  ])("%s", (expression, message) => {
    const compiled = environment.compile(expression);
    expect("error" in compiled ? compiled.error : "").toContain(message);
  });

  it("a message where none may be built", () => {
    expect(cel.environment({ object: "dyn" }).compile("Object{a: 1}")).toHaveProperty("error");
  });
});
