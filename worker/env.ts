/** What the Worker is configured with: bindings of wrangler.toml, of Miniflare, and secrets. */
import type { NodeHub } from "./objects/node-hub.ts";
import type { Scheduler } from "./objects/scheduler.ts";
import type { Session } from "./objects/session.ts";
import type { StoreObject } from "./objects/store.ts";
import type { Workload } from "./objects/workload.ts";

export interface Env {
  DB: D1Database;
  STORE: DurableObjectNamespace<StoreObject>;
  WORKLOAD: DurableObjectNamespace<Workload>;
  SCHEDULER: DurableObjectNamespace<Scheduler>;
  NODE_HUB: DurableObjectNamespace<NodeHub>;
  SESSION: DurableObjectNamespace<Session>;
  /** SHA-256 (hex) of the admin's bearer token. A secret; replaced to rotate the token. */
  ADMIN_TOKEN_SHA256: string;
  /** 32 bytes, base64: encrypts Secrets at rest. A secret. `id:base64[,id:base64…]`, the first one encrypts. */
  ENCRYPTION_KEYS: string;
  /** `10.96.0.0/16`; the DNS address is its tenth, the `kubernetes` Service its first. */
  SERVICE_CIDR: string;
  /** `10.244.0.0/16`; each node gets a /24 of it. */
  CLUSTER_CIDR: string;
  CLUSTER_DOMAIN: string;
  /** `https://…` that agents and printed commands use. Empty: the origin of the request. */
  PUBLIC_URL: string;
  /** Issuers of users' ID tokens: the `jwt` list of an AuthenticationConfiguration, JSON or YAML. See docs/troubleshooting.md. */
  OIDC_ISSUERS?: string;
  /** `public` (or absent): anybody may read who issues service accounts' tokens, and its public keys. `authorized`: who may. */
  ISSUER_DISCOVERY?: string;
  /** YAML or JSON of an `audit.k8s.io/v1` Policy. Empty or absent: nothing is audited. */
  AUDIT_POLICY?: string;
  /** Hosts, `.suffixes` and CIDRs, with commas, that webhooks may be called at although they are private. */
  WEBHOOK_ALLOW_PRIVATE?: string;
  /** PEM of the local CA, published in `kube-root-ca.crt` beside the cluster's own. Absent where a public CA signs. */
  ROOT_CERTIFICATE?: string;
}
