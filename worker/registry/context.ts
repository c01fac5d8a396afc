/** The clock and the randomness of one request, for the pure parts to be given. */
import type { Settings } from "../settings/settings.ts";
import type { RequestContext } from "../resources/resource.ts";

/** Without vowels and look-alikes, as upstream, so that no generated name says anything. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/** The part of the Worker's Env that planning needs. */
export interface ClusterConfig {
  SERVICE_CIDR: string;
  CLUSTER_CIDR: string;
  CLUSTER_DOMAIN: string;
}

export function requestContext(
  config: ClusterConfig,
  user: RequestContext["user"],
  settings: Settings,
  fieldManager?: string,
): RequestContext {
  return {
    now: Date.now(),
    newUid: () => crypto.randomUUID(),
    randomSuffix,
    user,
    config: {
      serviceCidr: config.SERVICE_CIDR,
      clusterCidr: config.CLUSTER_CIDR,
      clusterDomain: config.CLUSTER_DOMAIN,
    },
    settings,
    ...(fieldManager === undefined ? {} : { fieldManager }),
  };
}

function randomSuffix(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join("");
}
