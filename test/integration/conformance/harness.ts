/**
 * For tests that bear the names of Kubernetes' conformance behaviours (docs/COMPATIBILITY.md lists them): what their
 * scenarios share, through the whole API and with the controllers at work.
 */
import { expect, vi } from "vitest";
import { call, type Json, namespace } from "../http/api.ts";

let count = 0;

/** A namespace of the test's own; gives its path. */
export const freshNamespace = (name: string): Promise<string> => namespace(`${name}-${++count}`);

export async function created(path: string, body: object): Promise<Json> {
  const answer = await call("POST", path, { body });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body;
}

export async function got(path: string): Promise<Json> {
  const answer = await call("GET", path);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body;
}

export const namesAt = async (path: string): Promise<string[]> => (await got(path)).items.map(({ metadata }) => metadata.name);

export async function patched(path: string, patch: object, type = "application/merge-patch+json"): Promise<Json> {
  const answer = await call("PATCH", path, { body: patch, type });
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body;
}

export async function removed(path: string, options: object = {}): Promise<void> {
  const answer = await call("DELETE", path, { body: { apiVersion: "v1", kind: "DeleteOptions", ...options } });
  if (answer.status >= 300) throw new Error(answer.text);
}

/** Controllers work beside the test: what they bring about is waited for. */
export const eventually = <T>(check: () => Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 10_000, interval: 20 });

export const eventuallyGone = (path: string): Promise<void> =>
  eventually(async () => expect((await call("GET", path)).status).toBe(404));

export const template = (labels: Record<string, string>): object => ({
  metadata: { labels },
  spec: { containers: [{ name: "c", image: "app:1" }] },
});
