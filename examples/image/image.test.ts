/** The example's programs, run as they are, and the files that make up its image. Needs perl, as the image does. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { exampleFiles } from "./files.ts";
import { exampleImages } from "./images.ts";

const script = (name: string): string => join(import.meta.dirname, name);
const servers: ChildProcess[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if (server.exitCode !== null) continue;
    server.kill("SIGKILL");
    await once(server, "exit");
  }
});

async function startServer(): Promise<{ server: ChildProcess; port: number }> {
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as AddressInfo; // it listens on TCP
  await new Promise((resolve) => free.close(resolve));
  const server = spawn("perl", [script("server.pl")], { env: { ...process.env, PORT: String(port), VERSION: "7" } });
  servers.push(server);
  await once(server.stdout, "data"); // it says that it listens
  server.stdout.resume();
  return { server, port };
}

/** Sends bytes and reads until the server closes. */
async function talk(port: number, ...parts: string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  // A refused connection may say so before anybody reads; whoever reads is told all the same.
  socket.on("error", () => undefined);
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return text(socket);
}

const bodies = (answer: string): string[] => answer.split("\n").filter((line) => line.startsWith("{"));
const counts = (answer: string): number[] => bodies(answer).map((line) => (JSON.parse(line) as { requests: number }).requests);

describe("the example's server", () => {
  it("names its pod and version, and counts its requests", async () => {
    const { port } = await startServer();
    const pod = execFileSync("hostname", { encoding: "utf8" }).trim();
    for (const requests of [1, 2]) expect(await (await fetch(`http://127.0.0.1:${port}/`)).json()).toEqual({ pod, version: "7", requests });
  });

  it("does not count probes", async () => {
    const { port } = await startServer();
    expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()).toBe("ok\n");
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).json()).toMatchObject({ requests: 1 });
  });

  it.each([
    ["several requests at once on one connection", ["GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n"], [1, 2]],
    ["a request in pieces", ["GET / HT", "TP/1.1\r\nConn", "ection: close\r\n", "\r\n"], [1]],
    ["a body, which it skips", ["POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"], [1, 2]],
    ["HTTP/1.0, which ends the connection", ["GET / HTTP/1.0\r\n\r\n"], [1]],
  ])("takes %s", async (_, parts, expected) => {
    const { port } = await startServer();
    expect(counts(await talk(port, ...parts))).toEqual(expected);
  });

  it("refuses what is not HTTP, and goes on", async () => {
    const { port } = await startServer();
    expect(await talk(port, "hello\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await talk(port, "x".repeat(70_000))).toBe("");
    expect(counts(await talk(port, "GET / HTTP/1.0\r\n\r\n"))).toEqual([1]);
  });

  it("serves others while some connections say nothing and some go away", async () => {
    const { port } = await startServer();
    const silent = Array.from({ length: 50 }, () => connect(port, "127.0.0.1"));
    const fickle = connect(port, "127.0.0.1");
    await once(fickle, "connect");
    fickle.write("GET / HTTP/1.1\r\n\r\n".repeat(100));
    fickle.destroy();
    const answers = await Promise.all(Array.from({ length: 100 }, () => talk(port, "GET / HTTP/1.0\r\n\r\n")));
    expect(new Set(answers.flatMap(counts)).size).toBe(100);
    silent.forEach((socket) => socket.destroy());
  });

  it("ends soon after SIGTERM, however many connections are open", async () => {
    const { server, port } = await startServer();
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    server.kill("SIGTERM");
    expect(await once(server, "exit")).toEqual([0, null]);
    socket.destroy();
  });

  it("answers what was on its way when SIGTERM came, and ends although more comes", async () => {
    const { server, port } = await startServer();
    const end = once(server, "exit");
    server.kill("SIGTERM");
    expect(counts(await talk(port, "GET / HTTP/1.1\r\n\r\n"))).toEqual([1]);
    const crowd = setInterval(() => void talk(port, "GET / HTTP/1.0\r\n\r\n").catch(() => undefined), 20);
    expect(await end).toEqual([0, null]);
    clearInterval(crowd);
  });
});

describe("get", () => {
  const get = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const child = spawn("perl", [script("get.pl"), ...args]);
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit") as Promise<[number]>]);
    return { code, stdout, stderr };
  };
  it("prints an answer for each request", async () => {
    const { port } = await startServer();
    const { code, stdout } = await get(`http://127.0.0.1:${port}`, "3");
    expect([code, counts(stdout)]).toEqual([0, [1, 2, 3]]);
  });
  it.each([
    ["nobody listens", "http://127.0.0.1:1/", /Connection refused/],
    ["the name is none", "http://name.invalid/", /name\.invalid: /],
    ["it is not asked right", "ftp://x", /usage/],
  ])("says it when %s, and fails", async (_, url, expected) => {
    const { code, stderr } = await get(url);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(expected);
  });
});

describe("the example's images", () => {
  it("are two versions of the same files", () => {
    const [one, two] = exampleImages();
    expect([one?.name, two?.name]).toEqual(["my-app-image:1.0", "my-app-image:2.0"]);
    expect(one?.files).toBe(two?.files);
    expect([one?.env?.["VERSION"], two?.env?.["VERSION"]]).toEqual(["1.0", "2.0"]);
  });
  it("hold only files that are there, each once, with the loader and the C library", () => {
    const files = exampleFiles();
    const paths = files.map((file) => file.path);
    expect(new Set(paths).size).toBe(paths.length);
    for (const file of files) if ("source" in file) expect(existsSync(file.source), file.source).toBe(true);
    for (const part of ["/bin/sh", "/bin/server", "/usr/bin/perl", "libc.so.6", "ld-linux"]) {
      expect(paths.some((path) => path.includes(part)), part).toBe(true);
    }
  });
});
