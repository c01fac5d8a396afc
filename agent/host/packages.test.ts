import { describe, expect, it } from "vitest";
import { ensurePackages, type Machine } from "./packages.ts";

const all = ["containerd", "ctr", "runc", "cni", "nft", "ip", "conntrack", "apt-get", "systemctl"];

/** A machine that has the tools named; apt-get brings `inStock` packages' tools, and fails as often as told. */
function machine(options: { tools: string[]; isRoot?: boolean; failures?: number; inStock?: string[] }): Machine & { commands: string[] } {
  const tools = new Set(options.tools);
  const commands: string[] = [];
  let failures = options.failures ?? 0;
  return {
    commands,
    isRoot: () => options.isRoot ?? true,
    hasTool: (name) => tools.has(name),
    hasCniPlugins: () => tools.has("cni"),
    run: (command) => {
      commands.push(command.join(" "));
      if (command[1] === "install" && failures-- > 0) return Promise.reject(new Error("no such package"));
      if (command[1] === "install") for (const tool of options.inStock ?? []) tools.add(tool);
      return Promise.resolve("");
    },
  };
}

const without = (...names: string[]): string[] => all.filter((name) => !names.includes(name));
const install = "apt-get install -y -q --no-install-recommends";

async function outcome(target: ReturnType<typeof machine>, mayInstall = true): Promise<{ lines: string[]; commands: string[]; error: string }> {
  const lines: string[] = [];
  const error = await ensurePackages({ mayInstall, report: (line) => lines.push(line) }, target).then(
    () => "",
    (reason: Error) => reason.message,
  );
  return { lines, commands: target.commands, error };
}

describe("ensurePackages", () => {
  it.each([
    ["is silent where everything is there", machine({ tools: all }), { lines: [], commands: [], error: "" }],
    [
      "installs only what is missing, and says so",
      machine({ tools: without("conntrack"), inStock: ["conntrack"] }),
      {
        lines: ["installing conntrack from the distribution's packages (apt-get install --no-install-recommends conntrack)"],
        commands: [`${install} conntrack`],
        error: "",
      },
    ],
    [
      "switches off the containerd that came along",
      machine({ tools: without("containerd", "ctr"), inStock: ["containerd", "ctr"] }),
      { lines: [expect.any(String)], commands: [`${install} containerd`, "systemctl disable --now containerd"], error: "" },
    ],
    [
      "reads the package lists if a package is unknown",
      machine({ tools: without("nft"), inStock: ["nft"], failures: 1 }),
      { lines: [expect.any(String)], commands: [`${install} nftables`, "apt-get update -q", `${install} nftables`], error: "" },
    ],
    [
      "says so if a package did not bring what it should",
      machine({ tools: without("cni") }),
      {
        lines: [expect.any(String)],
        commands: [`${install} containernetworking-plugins`],
        error: "CNI plugins not found even after: apt-get install --no-install-recommends containernetworking-plugins",
      },
    ],
    [
      "without root names sudo and touches nothing",
      machine({ tools: [], isRoot: false }),
      { lines: [], commands: [], error: "containers, bridges and nftables rules need root: run the same command with sudo" },
    ],
    [
      "without apt-get names what is missing",
      machine({ tools: without("apt-get", "runc") }),
      { lines: [], commands: [], error: "runc not found, and this host has no apt-get: install them with your distribution's tool" },
    ],
  ])("%s", async (_, target, expected) => expect(await outcome(target)).toEqual(expected));

  it("that may not install names the command that would", async () => {
    const target = machine({ tools: without("runc", "nft") });
    expect(await outcome(target, false)).toEqual({
      lines: [],
      commands: [],
      error: "runc, nft not found on this host; install with: sudo apt-get install --no-install-recommends runc nftables",
    });
  });
});
