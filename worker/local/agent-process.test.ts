import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AgentProcess } from "./agent-process.ts";

let stateDir: string;
let bundle: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "kedge-agent-process-"));
  bundle = join(stateDir, "agent.mjs");
  writeFileSync(bundle, `import { text } from "node:stream/consumers";
    console.log(JSON.stringify({ token: (await text(process.stdin)).trim(), arguments: process.argv.slice(2) }));
    setInterval(() => {}, 1000);`);
});

afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

/** What the agent prints first; `listen` gets every line, the supervisor's own too. */
async function firstWords(joinToken: () => Promise<string>, listen: (line: string) => void = () => undefined): Promise<string> {
  const said = Promise.withResolvers<string>();
  const report = (line: string): void => {
    listen(line);
    if (line.startsWith("{")) said.resolve(line);
  };
  const agent = new AgentProcess({
    ...{ bundle, stateDir, joinToken },
    ...{ server: "https://127.0.0.1:1", caFile: "ca.crt", nodeName: "node-1", report },
  });
  try {
    await agent.start();
    return await said.promise;
  } finally {
    await agent.stop();
  }
}

const noAnswer = () => Promise.reject(new Error("the control plane does not answer"));

test("an agent gets its token through standard input, not as an argument", async () => {
  const said = JSON.parse(await firstWords(() => Promise.resolve("kj.secret."))) as { token: string; arguments: string[] };
  expect(said.token).toBe("kj.secret.");
  expect(said.arguments.join(" ")).not.toContain("secret");
});

test("an agent that has joined starts without a token when nobody answers", async () => {
  mkdirSync(join(stateDir, "agent"));
  writeFileSync(join(stateDir, "agent/identity.json"), "{}");
  expect(JSON.parse(await firstWords(noAnswer))).toMatchObject({ token: "" });
});

test("an agent that has not joined yet is started as soon as there is a token", async () => {
  const tokens = [noAnswer, () => Promise.resolve("kj.late.")];
  const lines: string[] = [];
  const joinToken = () => (tokens.shift() ?? noAnswer)();
  expect(JSON.parse(await firstWords(joinToken, (line) => lines.push(line)))).toMatchObject({ token: "kj.late." });
  expect(lines[0]).toContain("could not start the agent: Error: the control plane does not answer");
});
