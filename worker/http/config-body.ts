/** The text of an applied configuration: YAML, which most clients write as JSON. */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { StatusError } from "../../protocol/status.ts";
import type { FieldValidation } from "./body.ts";
import { duplicateFields } from "./duplicates.ts";
import { parseYaml, type ParsedYaml } from "./yaml.ts";

export interface ParsedConfig {
  value: Record<string, unknown>;
  /** Keys that stand there twice, in the words of Go's decoders; the last one counts. */
  problems: string[];
}

export function parseConfig(text: string, validation: FieldValidation): ParsedConfig {
  const { value, problems } = parsedJson(text, validation) ?? parsedYaml(text);
  if (isRecord(value)) return { value, problems };
  const sort = Array.isArray(value) ? "array" : typeof value;
  // An empty body is an object of no type.
  if (value === null || value === undefined) return { value: {}, problems };
  throw StatusError.badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${sort} into Go value of type map[string]interface {}`,
  );
}

interface Parsed {
  value: unknown;
  problems: string[];
}

/** By far the cheaper way. */
function parsedJson(text: string, validation: FieldValidation): Parsed | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return { value: JSON.parse(text), problems: validation === "Ignore" ? [] : duplicateFields(text) };
  } catch {
    return undefined;
  }
}

function parsedYaml(text: string): Parsed {
  try {
    const { value, duplicates } = parseYaml(text);
    return { value, problems: duplicateKeys(duplicates) };
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw StatusError.badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${why}`);
  }
}

function duplicateKeys(duplicates: ParsedYaml["duplicates"]): string[] {
  if (duplicates.length === 0) return [];
  const lines = duplicates.map(({ key, line }) => `line ${line}: key ${JSON.stringify(key)} already set in map`);
  return [`error converting YAML to JSON: yaml: unmarshal errors:\n  ${lines.join("\n  ")}`];
}
