import { describe, expect, it } from "vitest";
import { acceptsNeeded, droppingTables } from "./foreign-firewall.ts";

const textOf = (rules: string): string[] => acceptsNeeded(rules, "kd1", "10.96.0.10").map(({ chain, match }) => [chain, ...match].join(" "));

describe("acceptsNeeded", () => {
  it.each([
    ["nothing where all policies accept", "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT", []],
    ["nothing where iptables has no rules", "", []],
    ["FORWARD, if its policy drops", "-P INPUT ACCEPT\n-P FORWARD DROP", ["FORWARD -i kd1", "FORWARD -o kd1"]],
    ["Docker's chain for others' rules, if Docker is there", "-P FORWARD DROP\n-N DOCKER-USER", ["DOCKER-USER -i kd1", "DOCKER-USER -o kd1"]],
    ["DNS, if what comes in is dropped", "-P INPUT DROP\n-P FORWARD ACCEPT", ["INPUT -d 10.96.0.10/32 -i kd1"]],
  ])("%s", (_, rules, expected) => expect(textOf(rules)).toEqual(expected));
});

describe("droppingTables", () => {
  const chains = (table: string, hook: string, policy: string): string =>
    `table ${table} {\n\tchain c {\n\t\ttype filter hook ${hook} priority filter; policy ${policy};\n\t}\n}\n`;
  it.each([
    ["names a table that drops what is forwarded", chains("inet filter", "forward", "drop"), ["inet filter"]],
    ["not one that drops what comes in", chains("inet filter", "input", "drop"), []],
    ["not one that accepts", chains("inet filter", "forward", "accept"), []],
    ["not iptables' own, which is opened", chains("ip filter", "forward", "drop"), []],
  ])("%s", (_, text, expected) => expect(droppingTables(text)).toEqual(expected));
});
