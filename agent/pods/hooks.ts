/** postStart and preStop. */
import type { LifecycleHandler } from "../../protocol/kubernetes/generated/types.ts";
import type { Clock } from "../clock.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { headersOf, httpGet, httpUrl, type ProbeTarget } from "./probes/check.ts";

export interface HookOptions {
  runtime: Pick<Runtime, "execSync">;
  clock: Clock;
  target: ProbeTarget;
  timeoutSeconds: number;
}

/** Gives what went wrong; undefined: nothing. */
export async function runHook(handler: LifecycleHandler, options: HookOptions): Promise<string | undefined> {
  try {
    return await runHandler(handler, options);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function runHandler(handler: LifecycleHandler, { runtime, clock, target, timeoutSeconds }: HookOptions): Promise<string | undefined> {
  if (handler.exec !== undefined) {
    const { command = [] } = handler.exec;
    const { exitCode, stdout, stderr } = await runtime.execSync(target.containerId, command, timeoutSeconds);
    if (exitCode === 0) return undefined;
    const output = Buffer.concat([stdout, stderr]).toString("utf8").trim().slice(0, 500);
    return `command '${command.join(" ")}' exited with ${exitCode}: ${output}`;
  }
  if (handler.httpGet !== undefined) {
    const url = httpUrl(handler.httpGet, target);
    await httpGet(url, { headers: headersOf(handler.httpGet), timeoutMs: timeoutSeconds * 1000 });
    return undefined;
  }
  if (handler.sleep !== undefined) {
    const seconds = Math.min(handler.sleep.seconds, timeoutSeconds);
    await new Promise<void>((resolve) => clock.after(seconds * 1000, resolve));
    return undefined;
  }
  return "invalid handler: no exec, httpGet or sleep";
}
