import { describe, expect, it } from "vitest";
import { statementsOf } from "./migrations.ts";

describe("statementsOf", () => {
  const rows: [sentence: string, sql: string, statements: string[]][] = [
    ["splits at semicolons", "SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]],
    ["takes a last statement without one", "SELECT 1;\nSELECT 2", ["SELECT 1", "SELECT 2"]],
    ["not in strings", "INSERT INTO t VALUES ('a;''b;');", ["INSERT INTO t VALUES ('a;''b;')"]],
    ["not in comments", "SELECT 1 -- one; two\n;/* three; */", ["SELECT 1 -- one; two"]],
    ["not in a trigger's body", "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; SELECT CASE WHEN 1 THEN 2 END; END;SELECT 3", ["CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; SELECT CASE WHEN 1 THEN 2 END; END", "SELECT 3"]],
    ["leaves out what says nothing", " ; -- nothing\n;", []],
  ];
  it.each(rows)("%s", (_sentence, sql, statements) => expect(statementsOf(sql)).toEqual(statements));
});
