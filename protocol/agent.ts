/**
 * The wire contract between the control plane and a host's agent: JSON over HTTPS, the agent always dials out.
 *
 *     POST /kedge/v1/join                      Bearer <join token>     JoinRequest   → JoinResponse
 *     POST /kedge/v1/nodes/{node}/poll         Bearer <agent token>    PollRequest   → PollResponse (≤ 30 s)
 *     POST /kedge/v1/nodes/{node}/status       Bearer <agent token>    StatusReport  → StatusResult
 *     POST /kedge/v1/nodes/{node}/certificate  Bearer <agent token>    CertificateRequest → CertificateResponse
 *     GET  /kedge/v1/sessions/{id}             Bearer <agent token>    WebSocket, see ./session.ts
 *
 * and for the admin (the supervisor and the command line):
 *
 *     POST   /kedge/v1/jointokens              Bearer <admin token>    JoinTokenRequest → JoinTokenResponse
 *     DELETE /kedge/v1/nodes/{node}/agent      Bearer <admin token>    revokes the agent's key
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

/**
 * The endpoint of the Service `kubernetes`, at the address of cluster DNS. It is the same one on every node, and on each
 * node its own agent answers for it, wherever it listens.
 */
export const apiEndpointPort = 6443;

export interface JoinTokenRequest {
  /** One hour unless said. */
  ttlSeconds?: number;
  /** SHA-256 (base64url) of the DER of the CA that an agent shall pin; travels inside the token. Absent: public TLS. */
  caSha256?: string;
  /** The token is good for this node only, and may replace the key of an agent that is alive. */
  nodeName?: string;
}

export interface JoinTokenResponse {
  /** `kj.<32 random bytes, base64url>.<caSha256 or empty>`. Shown once; only its hash is kept. */
  token: string;
  expirationTimestamp: string;
}

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
  /**
   * The agent's session number. A start of the agent takes the last one that it used plus one (kept on its disk) and
   * names it from then on; the hub follows the highest number seen and refuses lower ones with 409 Conflict: an
   * agent that is told so was replaced (a clone of it runs) and must stop managing containers.
   */
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
  /** Every other node with its pod network; whole, and only there when one of them may have changed. */
  peers?: { name: string; podCidr: string; address: string }[];
  /** Streams to open, each exactly once. */
  sessions: SessionRequest[];
  /**
   * True: the control plane had given the node up (or has lost what it knew of it); report the node's status and
   * that of every pod again, in full.
   */
  reportStatus?: boolean;
}

/** The agent asks for a certificate to speak for the API to its node's pods with. Which names it holds is not the agent's to say. */
export interface CertificateRequest {
  /** SubjectPublicKeyInfo of a key on P-256, base64. */
  publicKey: string;
}

export interface CertificateResponse {
  /** PEM, signed by the cluster's authority, whose own certificate pods have as `ca.crt`. */
  certificate: string;
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
