/** An agent without a host: it joins, polls and reports as the real one does, and dials back when it is asked to. */
import { SignJWT, exportJWK, generateKeyPair, type JWK } from "jose";
import type { JoinResponse, JoinTokenResponse, PollRequest, PollResponse, StatusReport, StatusResult } from "../../../protocol/agent.ts";
import type { NodeStatus } from "../../../protocol/kubernetes/generated/types.ts";

const origin = "https://kedge.test";
const adminToken = "test-admin-token";

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

export const readyStatus: NodeStatus = {
  capacity: { cpu: "4", memory: "8Gi", pods: "110" },
  allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
  conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" }],
};

export async function asAdmin(fetch: Fetch, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { Authorization: `Bearer ${adminToken}`, "Content-Type": "application/json", ...Object(init.headers) };
  return fetch(origin + path, { ...init, headers });
}

export async function joinToken(fetch: Fetch, request: object = {}): Promise<string> {
  const response = await asAdmin(fetch, "/kedge/v1/jointokens", { method: "POST", body: JSON.stringify(request) });
  const { token } = await response.json<JoinTokenResponse>();
  return token;
}

export interface Keys {
  privateKey: CryptoKey;
  publicKey: string;
}

export async function newKeys(): Promise<Keys> {
  const pair = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const jwk: JWK = await exportJWK(pair.publicKey);
  return { privateKey: pair.privateKey, publicKey: jwk.x ?? "" };
}

export async function tryJoin(fetch: Fetch, token: string, nodeName: string, publicKey: string): Promise<Response> {
  return fetch(`${origin}/kedge/v1/join`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ nodeName, publicKey, labels: { "kubernetes.io/hostname": nodeName }, status: readyStatus }),
  });
}

export class FakeAgent {
  readonly #fetch: Fetch;
  readonly #keys: Keys;
  readonly joined: JoinResponse;
  session: number;

  constructor(fetch: Fetch, keys: Keys, joined: JoinResponse) {
    this.#fetch = fetch;
    this.#keys = keys;
    this.joined = joined;
    this.session = joined.session;
  }

  static async join(fetch: Fetch, nodeName: string): Promise<FakeAgent> {
    const keys = await newKeys();
    const response = await tryJoin(fetch, await joinToken(fetch), nodeName, keys.publicKey);
    if (response.status !== 200) throw new Error(`join: ${response.status} ${await response.text()}`);
    return new FakeAgent(fetch, keys, await response.json<JoinResponse>());
  }

  /** What it shows with each request. */
  async token(): Promise<string> {
    const { nodeName, clusterUid } = this.joined;
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ session: this.session })
      .setProtectedHeader({ alg: "EdDSA", kid: nodeName })
      .setSubject(nodeName)
      .setAudience(clusterUid)
      .setIssuedAt(now)
      .setExpirationTime(now + 60)
      .sign(this.#keys.privateKey);
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const token = await this.token();
    return this.#fetch(origin + path, { ...init, headers: { Authorization: `Bearer ${token}`, ...Object(init.headers) } });
  }

  async tryPoll(request: Partial<PollRequest>): Promise<Response> {
    const body = JSON.stringify({ since: 0, session: this.session, epoch: 0, wait: false, ...request });
    return this.request(`/kedge/v1/nodes/${this.joined.nodeName}/poll`, { method: "POST", body });
  }

  async poll(request: Partial<PollRequest> = {}): Promise<PollResponse> {
    const response = await this.tryPoll(request);
    if (response.status !== 200) throw new Error(`poll: ${response.status} ${await response.text()}`);
    return response.json<PollResponse>();
  }

  async report(report: Partial<StatusReport>): Promise<StatusResult> {
    const body = JSON.stringify({ session: this.session, pods: [], terminated: [], events: [], ...report });
    const response = await this.request(`/kedge/v1/nodes/${this.joined.nodeName}/status`, { method: "POST", body });
    if (response.status !== 200) throw new Error(`status: ${response.status} ${await response.text()}`);
    return response.json<StatusResult>();
  }

  /** Dials back for a session; the socket is accepted already. */
  async dial(id: string): Promise<WebSocket> {
    const response = await this.request(`/kedge/v1/sessions/${id}`, { headers: { Upgrade: "websocket" } });
    if (!response.webSocket) throw new Error(`dial: ${response.status} ${await response.text()}`);
    response.webSocket.accept();
    return response.webSocket;
  }
}
