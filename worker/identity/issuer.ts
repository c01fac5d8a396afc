/** Who this cluster is to those who trust its tokens. */
import type { Env } from "../env.ts";

type Config = Pick<Env, "PUBLIC_URL" | "CLUSTER_DOMAIN">;

/** `iss` of the tokens, and where its keys are found: the cluster's own address. */
export function issuerOf({ PUBLIC_URL }: Pick<Env, "PUBLIC_URL">, requestUrl: string): string {
  return PUBLIC_URL === "" ? originOf(requestUrl) : PUBLIC_URL.replace(/\/$/, "");
}

/** A token for the API is meant for one of these. The second is the same wherever the cluster is asked from. */
export function apiAudiences(config: Config, requestUrl: string): string[] {
  return [issuerOf(config, requestUrl), `https://kubernetes.default.svc.${config.CLUSTER_DOMAIN}`];
}

/** Cheaper than a whole URL, in the path of every request. */
function originOf(url: string): string {
  return /^https?:\/\/[^/?#]+/.exec(url)?.[0] ?? "";
}
