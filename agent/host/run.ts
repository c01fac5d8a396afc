/** Runs the host's own tools (nft, ip, ctr, apt-get …): always with a timeout, never through a shell. */
import { spawn } from "node:child_process";

export interface RunOptions {
  /** Written to standard input. */
  input?: string;
  timeoutMs?: number;
  env?: Record<string, string>;
  /** Called with each line of output as it comes, for tools that take long. */
  onLine?: (line: string) => void;
}

export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(command: readonly string[], exitCode: number | null, stderr: string) {
    super(`${command.join(" ")}: ${stderr.trim() || `exit code ${exitCode}`}`);
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/** Standard output of a command that succeeded; a CommandError with its standard error otherwise. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const [file = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      timeout: options.timeoutMs ?? 10_000,
      killSignal: "SIGKILL",
      env: { ...process.env, ...options.env, LC_ALL: "C" },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (options.onLine) for (const line of text.split("\n")) if (line.trim()) options.onLine(line);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", (error) => reject(new CommandError(command, null, error.message)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(stdout);
      else reject(new CommandError(command, code, stderr || (signal ? `killed by ${signal} (timeout?)` : stdout)));
    });
    // The command may end without reading its input: its exit code tells more than EPIPE does.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

/** True if the command succeeded; for questions whose answer is the exit code. */
export async function succeeds(command: readonly string[], options: RunOptions = {}): Promise<boolean> {
  return run(command, options).then(
    () => true,
    () => false,
  );
}
