/** Which port the API gets. */
import { createServer } from "node:net";

const firstPort = 6443;
const lastPort = 6542;

/**
 * The port that was asked for, or the one of an earlier start (kubeconfigs and agents name it), or the first free one
 * from 6443. Only the last may differ from what a user expects, so only then another one is taken silently.
 */
export async function choosePort(options: { asked?: number | undefined; kept?: number | undefined; host: string }): Promise<number> {
  const wanted = options.asked ?? options.kept;
  if (wanted !== undefined) {
    if (await isFree(wanted, options.host)) return wanted;
    const hint = options.asked === undefined ? " (the port of this cluster's earlier starts)" : "";
    throw new Error(`port ${wanted}${hint} is already taken; stop what uses it, or name another one with --port`);
  }
  for (let port = firstPort; port <= lastPort; port++) if (await isFree(port, options.host)) return port;
  throw new Error(`ports ${firstPort} to ${lastPort} are all taken; name a free one with --port`);
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host }, () => server.close(() => resolve(true)));
  });
}
