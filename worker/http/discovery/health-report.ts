/** The text of a probe's answer, as upstream's: `ok`, or a line for each check. */

export interface Check {
  name: string;
  /** Rejects or gives false when it fails. */
  isOk(): Promise<boolean>;
}

export interface ProbeOptions {
  /** `healthz`, `livez`, `readyz`. */
  probe: string;
  exclude: string[];
  isVerbose: boolean;
}

export interface Report {
  code: number;
  text: string;
}

export async function reportOf(checks: Check[], { probe, exclude, isVerbose }: ProbeOptions): Promise<Report> {
  const results = await Promise.all(checks.map(async (check) => ({ ...check, passed: exclude.includes(check.name) ? undefined : await check.isOk() })));
  const lines = results.map(({ name, passed }) => {
    if (passed === undefined) return `[+]${name} excluded: ok\n`;
    return passed ? `[+]${name} ok\n` : `[-]${name} failed: reason withheld\n`;
  });
  const unknown = exclude.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    lines.push(`warn: some health checks cannot be excluded: no matches for ${unknown.map((name) => JSON.stringify(name)).join(",")}\n`);
  }
  if (results.some(({ passed }) => passed === false)) return { code: 500, text: `${lines.join("")}${probe} check failed\n` };
  return { code: 200, text: isVerbose ? `${lines.join("")}${probe} check passed\n` : "ok" };
}

/** One check, asked for by its own path. */
export async function reportOfOne({ name, isOk }: Check): Promise<Report> {
  return (await isOk()) ? { code: 200, text: "ok" } : { code: 500, text: `internal server error: ${name} failed: reason withheld\n` };
}
