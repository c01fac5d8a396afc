/**
 * The texts of `kubectl explain`, from the doc comments that @kubernetes/client-node ships (Apache-2.0). Runs when the
 * Worker is built (worker/local/build.ts, `npm run deploy`), so that no text is kept in this repository. They are those
 * of the client's own Kubernetes version; only what the schemas here know is taken.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { allTypes } from "../resources/schema.ts";
import type { Descriptions } from "./descriptions.ts";

/** A module that exports the texts, packed: one string, which costs nothing until it is asked for. */
export function descriptionsModule(): string {
  const packed = deflateRawSync(JSON.stringify(readDescriptions()), { level: 9 }).toString("base64");
  return `export const packed = ${JSON.stringify(packed)};\n`;
}

export function readDescriptions(): Descriptions {
  const folder = modelsFolder();
  const descriptions: Descriptions = {};
  for (const [type, { f: fields = {} }] of Object.entries(allTypes())) {
    const source = sourceOf(folder, type);
    if (source !== undefined) descriptions[type] = textsOf(source, new Set(Object.keys(fields)));
  }
  return descriptions;
}

function modelsFolder(): string {
  const entry = createRequire(import.meta.url).resolve("@kubernetes/client-node");
  return join(dirname(entry), "gen/models");
}

/** `io.k8s.api.core.v1.Event` is `CoreV1Event` where a plain `V1Event` would not say whose. */
function sourceOf(folder: string, type: string): string | undefined {
  const [name = "", version = "", group = ""] = type.split(".").reverse();
  const plain = capital(version) + name;
  for (const model of [capital(group) + plain, plain]) {
    const file = join(folder, `${model}.d.ts`);
    if (existsSync(file)) return readFileSync(file, "utf8");
  }
  return undefined;
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** A comment, and the class or the field that it stands before. */
const commented = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:export declare class \w+|'([^']+)'\??:)/g;

function textsOf(source: string, known: ReadonlySet<string>): Descriptions[string] {
  let own = "";
  const fields: Record<string, string> = {};
  for (const [, comment = "", field] of source.matchAll(commented)) {
    const text = textOf(comment);
    if (field === undefined) own = text;
    else if (known.has(field)) fields[field] = text;
  }
  return [own, fields];
}

/** Without the comment's stars and the generator's escapes. */
function textOf(comment: string): string {
  return comment.replaceAll(/^\s*\* ?/gm, "").replaceAll(/\\(["'`\\])/g, "$1").trim();
}
