/** The SQL migrations as lists of statements, for D1 in workerd (wrangler applies the same files in production). */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

export interface Migration {
  name: string;
  statements: string[];
}

export function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  return names.sort().map((name) => ({ name, statements: statementsOf(readFileSync(join(folder, name), "utf8")) }));
}

/**
 * Splits SQL at the semicolons that end statements: not at those in quotes, comments, or between the BEGIN and END of
 * a trigger's body (where CASE … END may stand too).
 */
export function statementsOf(sql: string): string[] {
  const token = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\b(?:BEGIN|CASE|END)\b|;/gi;
  const statements: string[] = [];
  let start = 0;
  let depth = 0;
  for (const match of sql.matchAll(token)) {
    const word = match[0].toUpperCase();
    if (word === "BEGIN" || word === "CASE") depth++;
    if (word === "END") depth--;
    if (word !== ";" || depth > 0) continue;
    statements.push(sql.slice(start, match.index));
    start = match.index + 1;
  }
  statements.push(sql.slice(start));
  return statements.filter(saysSomething).map((statement) => statement.trim());
}

const saysSomething = (sql: string) => sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, "").trim() !== "";
