/**
 * The wire contract between the control plane and a host's agent: JSON over HTTPS, the agent always dials out.
 *
 *     POST /kedge/v1/join                      Bearer <join token>     JoinRequest   → JoinResponse
 *     POST /kedge/v1/nodes/{node}/poll         Bearer <agent token>    PollRequest   → PollResponse (≤ 30 s)
 *     POST /kedge/v1/nodes/{node}/status       Bearer <agent token>    StatusReport  → StatusResult
 *     GET  /kedge/v1/sessions/{id}             Bearer <agent token>    WebSocket, see ./session.ts
 *
 * Errors are Kubernetes `Status` objects. An agent token is a JWT (EdDSA, `kid`/`sub` = node name, `aud` = cluster
 * UID, `exp` ≤ 60 s ahead, `session` = the agent's session number); the agent signs it with the key made at join.
 */
import type {
  ConfigMap,
  EndpointSlice,
  Event,
  NodeStatus,
  Pod,
  PodStatus,
  Secret,
  Service,
} from "./kubernetes/generated/types.ts";
import type { Stored } from "./kubernetes/object.ts";
import type { SessionRequest } from "./session.ts";

/** How long the control plane holds a poll that has no news. */
export const pollSeconds = 30;
/** A node that was not heard from for this long is NotReady. */
export const nodeLostSeconds = 50;

export interface JoinRequest {
  nodeName: string;
  /** Ed25519 public key, JWK `x` (base64url, 32 bytes). */
  publicKey: string;
  labels: Record<string, string>;
  status: NodeStatus;
}

export interface JoinResponse {
  clusterUid: string;
  nodeName: string;
  /** First session number; each later start of the agent takes the next one, so that a cloned agent is fenced off. */
  session: number;
  podCidr: string;
  clusterCidr: string;
  serviceCidr: string;
  /** The cluster IP that cluster DNS answers on, inside `serviceCidr`. */
  dnsAddress: string;
  clusterDomain: string;
}

export interface PollRequest {
  /** Cluster revision up to which the agent knows everything; 0 asks for a snapshot. */
  since: number;
  session: number;
  /** Names the epoch of the last answer, so that a restored database is noticed. */
  epoch: number;
  /** False: answer at once, even without news (first poll, clean stop). */
  wait: boolean;
}

/**
 * What the agent is to know. `complete` marks a snapshot: what it does not name is to be removed. An answer that is
 * not complete only adds, changes and removes by name. The agent removes nothing on an answer of another
 * `clusterUid` or an older `epoch`.
 */
export interface PollResponse {
  clusterUid: string;
  epoch: number;
  revision: number;
  complete: boolean;
  pods: Stored<Pod>[];
  configMaps: Stored<ConfigMap>[];
  secrets: Stored<Secret>[];
  services: Stored<Service>[];
  endpointSlices: Stored<EndpointSlice>[];
  /** Keys (`pods/ns/name`, `services/ns/name`, …) of objects that are gone or no longer this node's. */
  removed: { key: string; uid: string }[];
  /** Streams to open, each exactly once. */
  sessions: SessionRequest[];
}

/** What the agent saw; the whole report is one transaction. Entries of pods that are not this node's are refused. */
export interface StatusReport {
  session: number;
  pods: { namespace: string; name: string; uid: string; status: PodStatus }[];
  /** Pods whose deletion was asked for and whose containers are gone: they leave the API now. */
  terminated: { namespace: string; name: string; uid: string }[];
  node?: NodeStatus;
  events: Event[];
}

export interface StatusResult {
  /** One entry a refused part; the agent drops it if `code` is 404 or 409 with another uid, else reports again. */
  refused: { key: string; code: number; reason: string; message: string }[];
}
