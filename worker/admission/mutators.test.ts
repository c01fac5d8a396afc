import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { mutateInTurn, type Mutator, type Stage } from "./mutators.ts";

const textOf = (object: KubernetesObject): string => String(object["text"] ?? "");

/** Adds its name to the text, unless it is there or `when` does not hold. */
function mutator(name: string, { isReinvoked = false, when = () => true }: { isReinvoked?: boolean; when?: (text: string) => boolean } = {}): Mutator {
  return {
    name,
    isReinvoked,
    mutate: (object) => Promise.resolve(when(textOf(object)) ? { object: { ...object, text: textOf(object) + name }, warnings: [name] } : { object, warnings: [] }),
  };
}

const stage = (...list: Mutator[]): Stage => ({ mutators: () => Promise.resolve(list), settle: () => {} });
const same = (object: KubernetesObject) => Promise.resolve(object);
const result = async (stages: Stage[], again = same) => textOf((await mutateInTurn(stages, {}, again)).object);

describe("who mutates", () => {
  it("is asked in turn, policies before webhooks", async () => {
    expect(await result([stage(mutator("a"), mutator("b")), stage(mutator("c"))])).toBe("abc");
  });

  it("is asked once more only if it wants to, and others changed the object after it", async () => {
    const once = (text: string) => text.length < 3;
    expect(await result([stage(mutator("a", { isReinvoked: true }), mutator("b", { isReinvoked: true }))])).toBe("abab");
    expect(await result([stage(mutator("a")), stage(mutator("b", { isReinvoked: true, when: once }))])).toBe("ab");
    expect(await result([stage(mutator("a", { isReinvoked: true, when: once })), stage(mutator("b", { when: once }))])).toBe("aba");
  });

  it("and was never concerned is not asked anew", async () => {
    const absent: Mutator = { name: "x", isReinvoked: true, mutate: () => Promise.resolve(undefined) };
    expect(await result([stage(absent, mutator("a"))])).toBe("a");
  });

  it("sees what the built-in plugins made of the changed object, who are left alone where nothing changed", async () => {
    const plugins = (object: KubernetesObject) => Promise.resolve({ ...object, text: `${textOf(object)}!` });
    expect(await result([stage(mutator("a", { isReinvoked: true }))], plugins)).toBe("a!a");
    const given = {};
    const unchanged = await mutateInTurn([stage(mutator("a", { when: () => false }))], given, plugins);
    expect(unchanged.object).toBe(given);
  });

  it("refuses when all of its stage had their turn", async () => {
    const asked: string[] = [];
    const refusing: Stage = {
      mutators: () => Promise.resolve(["a", "b"].map((name) => ({ name, isReinvoked: false, mutate: (object) => Promise.resolve({ object, warnings: [String(asked.push(name))] }) }))),
      settle: () => {
        throw new Error(asked.join(""));
      },
    };
    await expect(result([refusing, stage(mutator("c"))])).rejects.toThrow("ab");
  });
});
