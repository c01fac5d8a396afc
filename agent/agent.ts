/** The running agent: runtime, pods, network and link put together. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ApiServer } from "./apiserver/api-server.ts";
import { Forwarder } from "./apiserver/forwarder.ts";
import { ServingCertificate } from "./apiserver/serving-certificate.ts";
import type { CertificateResponse, PollResponse, StatusResult } from "../protocol/agent.ts";
import type { NodeStatus, PodStatus } from "../protocol/kubernetes/generated/types.ts";
import type { Clock } from "./clock.ts";
import type { HostNames } from "./host/host.ts";
import { Images } from "./images/images.ts";
import { Api, type ApiError } from "./link/api.ts";
import { DesiredFile } from "./link/desired-file.ts";
import { applyAnswer, emptyState, type DesiredState } from "./link/desired-state.ts";
import { TokenSigner, type Identity } from "./link/identity.ts";
import { hostFacts, isDiskShort, isSameNodeStatus, nodeStatus, type HostFacts } from "./link/node-status.ts";
import { Poller } from "./link/poller.ts";
import { Reporter } from "./link/reporter.ts";
import { tokenRequest } from "./link/token-request.ts";
import type { Network } from "./network/network.ts";
import { podCgroups } from "./pods/cgroups.ts";
import type { Log, PodReport } from "./pods/dependencies.ts";
import { EventRecorder } from "./pods/event-recorder.ts";
import { Housekeeping } from "./pods/housekeeping.ts";
import type { StoredPod } from "./pods/observed.ts";
import { Pods } from "./pods/pods.ts";
import { Semaphore } from "./pods/semaphore.ts";
import { PodTokens } from "./pods/volumes/pod-tokens.ts";
import { Volumes } from "./pods/volumes/volumes.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { Sessions } from "./streams/sessions.ts";

export interface AgentOptions {
  identity: Identity;
  /** The agent's own folder. */
  folder: string;
  names: HostNames;
  runtime: Runtime;
  network: Network;
  clock: Clock;
  log: Log;
  /** Joins again with the same key; undefined: there is no token for it. */
  rejoin(): Promise<boolean>;
  /** The agent cannot go on: another one took its place, or it must start anew with a new identity. */
  onEnd(why: string): void;
}

/** As many as two cores start fastest; more cores start more. */
const parallelStarts = (cpus: number): number => Math.max(4, cpus);
/** How long a first answer is waited for before the state on disk is taken for what is wanted. */
const firstAnswerMs = 10_000;
const nodeCheckMs = 60_000;
/** After a look at the node that failed: until one succeeds, a node that is new is not ready. */
const nodeRetryMs = 5000;

export class Agent {
  readonly #options: AgentOptions;
  readonly #api: Api;
  readonly #reporter: Reporter;
  readonly #pods: Pods;
  readonly #file: DesiredFile;
  readonly #poller: Poller;
  readonly #sessions: Sessions;
  readonly #housekeeping: Housekeeping;
  readonly #events: EventRecorder;
  readonly #apiServer: ApiServer;
  readonly #certificate: ServingCertificate;
  readonly #stopping = new AbortController();
  /** What was reported last, by uid: the control plane does not tell the agent's own news back to it. */
  readonly #statuses = new Map<string, PodStatus>();
  #state: DesiredState;
  #node: NodeStatus | undefined;
  #runtimeVersion = "";
  #cancelNodeCheck: (() => void) | undefined;
  #polling: Promise<void> = Promise.resolve();
  #isUnderPressure = false;
  #isNetworkProgrammed = false;

  constructor(options: AgentOptions) {
    this.#options = options;
    const { identity, folder, names, runtime, clock, log } = options;
    const signer = new TokenSigner(identity);
    this.#api = new Api({ server: identity.server, ca: identity.ca, token: () => signer.token(clock.now()) });
    this.#state = emptyState(identity.clusterUid);
    this.#file = new DesiredFile({ path: join(folder, "desired.json"), identity, clock });
    const path = `/kedge/v1/nodes/${identity.nodeName}`;
    const send = (report: unknown): Promise<StatusResult> => this.#api.post(`${path}/status`, report, { timeoutMs: 30_000 });
    this.#reporter = new Reporter({ clock, log, session: identity.session, send });
    this.#events = new EventRecorder({ clock, nodeName: identity.nodeName, send: (event) => this.#reporter.event(event) });
    const facts = this.#facts();
    const paths = { podsDir: join(folder, "pods"), memoryDir: join(names.runtimeDir, "volumes"), logsDir: join(folder, "logs") };
    const volumes = new Volumes(paths, new PodTokens({ clock, request: tokenRequest(this.#api) }));
    this.#pods = new Pods({
      ...{ runtime, clock, log, paths, volumes, events: this.#events, report: this.#report() },
      images: new Images({ runtime, clock }),
      cgroups: podCgroups({ root: names.cgroupParent, log }),
      starts: new Semaphore(parallelStarts(facts.cpus)),
      hostFile: (file) => readFile(file, "utf8").catch(() => ""),
      objects: {
        configMap: (namespace, name) => this.#state.configMaps.get(`configmaps/${namespace}/${name}`),
        secret: (namespace, name) => this.#state.secrets.get(`secrets/${namespace}/${name}`),
        services: () => this.#state.services.values(),
      },
      node: {
        nodeName: identity.nodeName,
        hostIps: facts.addresses,
        allocatable: allocatableOf(nodeStatus(facts, { images: [], before: undefined, nowMs: clock.now() })),
        memoryBytes: facts.memoryBytes,
        dns: { address: identity.dnsAddress, domain: identity.clusterDomain },
        cgroupRoot: names.cgroupParent,
      },
    });
    this.#housekeeping = new Housekeeping({ runtime, clock, log, paths, pods: this.#pods });
    const forwarder = new Forwarder({ server: this.#api.server, ca: identity.ca });
    this.#apiServer = new ApiServer({ address: identity.dnsAddress, forwarder, log });
    this.#certificate = new ServingCertificate({
      ...{ clock, log, path: join(folder, "apiserver.json"), clusterUid: identity.clusterUid },
      ask: (request) => this.#api.post<CertificateResponse>(`${path}/certificate`, request, { timeoutMs: 30_000 }),
      use: async (pair) => {
        await this.#apiServer.use(pair);
        // Before the first answer nothing is known that could be programmed: what an earlier run left stays.
        if (this.#isNetworkProgrammed) this.#programNetworkSoon();
      },
    });
    this.#sessions = new Sessions({ runtime, api: this.#api, paths, pods: this.#pods, log });
    this.#poller = new Poller({
      ...{ clock, log, session: identity.session },
      send: (request, sendOptions) => this.#api.post(`${path}/poll`, request, sendOptions),
      apply: (answer) => this.#apply(answer),
      position: () => ({ since: this.#state.revision, epoch: this.#state.epoch }),
      onUnauthorized: (error) => this.#onUnauthorized(error),
      onSuperseded: () => options.onEnd("another agent with this node's key has begun later; this one ends, pods go on"),
    });
  }

  async start(): Promise<void> {
    const { runtime, network, log } = this.#options;
    const { name, version } = await runtime.version();
    this.#runtimeVersion = `${name}://${version.replace(/^v/, "").split(/[~+]/)[0]}`;
    await network.start();
    void this.#certificate.start();
    this.#pods.start(this.#stopping.signal);
    this.#housekeeping.start();
    await this.#checkNode();
    if (!(await this.#hearFirst())) await this.#startFromDisk();
    this.#polling = this.#poller.run(this.#stopping.signal);
    log.info({ node: this.#options.identity.nodeName, server: this.#options.identity.server }, "the agent runs");
  }

  /** Stops cleanly: pods and their network go on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelNodeCheck?.();
    this.#housekeeping.stop();
    this.#sessions.stop();
    this.#certificate.stop();
    await this.#apiServer.stop();
    await this.#pods.stop();
    await this.#reporter.stop(2000);
    await this.#file.flush();
    await this.#polling;
    await this.#options.network.stop();
    this.#api.close();
  }

  /** The control plane's word is newer than the disk's: what was deleted meanwhile must not start again. */
  async #hearFirst(): Promise<boolean> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(firstAnswerMs)]);
    try {
      await this.#poller.once({ wait: false, signal });
      return true;
    } catch (error) {
      this.#options.log.warn({ error: error instanceof Error ? error.message : String(error) }, "the control plane does not answer yet");
      return false;
    }
  }

  async #startFromDisk(): Promise<void> {
    const stored = await this.#file.read();
    if (stored === undefined || stored.clusterUid !== this.#state.clusterUid) return;
    this.#options.log.info({ pods: stored.pods.size }, "starting what was last wanted, from disk");
    // Revision 0 asks for everything: what the disk says may be old.
    this.#state = { ...stored, revision: 0 };
    await this.#pods.apply({ pods: stored.pods, isComplete: false });
    await this.#programNetwork();
  }

  async #apply(answer: PollResponse): Promise<void> {
    const applied = applyAnswer(this.#state, answer);
    if (!applied.isAccepted) throw new Error(applied.why);
    this.#state = applied.state;
    if (applied.changed.size > 0) this.#file.save(applied.state);
    this.#sessions.open(answer.sessions);
    if (applied.changed.size > 0 || applied.isComplete) {
      await this.#pods.apply({ pods: applied.state.pods, isComplete: applied.isComplete });
      // After the pods are known: host ports are theirs.
      this.#programNetworkSoon();
      this.#pods.objectsChanged(applied.changed);
    }
    if (answer.reportStatus === true) this.#reportAgain();
  }

  #report(): PodReport {
    return {
      status: (pod, status) => {
        this.#reporter.status(pod, status);
        this.#onStatus(pod, status);
      },
      terminated: (pod) => {
        this.#reporter.terminated(pod);
        this.#statuses.delete(pod.metadata.uid);
      },
    };
  }

  /** Host ports follow the addresses that the agent itself gave its pods. */
  #onStatus(pod: StoredPod, status: PodStatus): void {
    const before = this.#statuses.get(pod.metadata.uid);
    this.#statuses.set(pod.metadata.uid, status);
    const hasHostPorts = pod.spec?.containers.some(({ ports }) => ports?.some(({ hostPort }) => hostPort));
    const isSame = before?.podIP === status.podIP && before?.phase === status.phase;
    if (hasHostPorts && !isSame) this.#programNetworkSoon();
  }

  #programNetworkSoon(): void {
    this.#programNetwork().catch((error: unknown) => this.#options.log.error({ err: error }, "programming the network failed"));
  }

  async #programNetwork(): Promise<void> {
    this.#isNetworkProgrammed = true;
    const { services, endpointSlices } = this.#state;
    const pods = this.#pods.all.map((pod): [string, StoredPod] => {
      const status = this.#statuses.get(pod.metadata.uid) ?? pod.status;
      return [`pods/${pod.metadata.namespace ?? ""}/${pod.metadata.name}`, { ...pod, ...(status && { status }) }];
    });
    await this.#options.network.apply({ services, endpointSlices, pods: new Map(pods), apiPort: this.#apiServer.port });
  }

  #reportAgain(): void {
    this.#pods.reportAgain();
    if (this.#node !== undefined) this.#reporter.node(this.#node);
  }

  /** The node's status is sent when it tells something new, never as a heartbeat: the poll is that. */
  async #checkNode(): Promise<void> {
    const { runtime, clock, log } = this.#options;
    let nextMs = nodeCheckMs;
    try {
      const facts = this.#facts();
      const status = nodeStatus(facts, { images: await runtime.listImages(), before: this.#node, nowMs: clock.now() });
      this.#watchDisk(facts);
      if (!isSameNodeStatus(this.#node, status)) this.#reporter.node((this.#node = status));
    } catch (error) {
      nextMs = nodeRetryMs;
      log.warn({ error: error instanceof Error ? error.message : String(error) }, "looking at the node failed");
    }
    if (!this.#stopping.signal.aborted) this.#cancelNodeCheck = clock.after(nextMs, () => void this.#checkNode());
  }

  #watchDisk(facts: HostFacts): void {
    const isShort = isDiskShort(facts);
    this.#pods.setDiskPressure(isShort);
    if (isShort && !this.#isUnderPressure) {
      const freeMegabytes = Math.floor(facts.disk.freeBytes / 1024 ** 2);
      this.#events.forNode({ type: "Warning", reason: "NodeHasDiskPressure", message: `The disk of node ${facts.nodeName} is nearly full: ${freeMegabytes} MiB are left` });
      void this.#housekeeping.freeDisk();
    }
    this.#isUnderPressure = isShort;
  }

  #facts(): HostFacts {
    const { identity, folder } = this.#options;
    return hostFacts({ nodeName: identity.nodeName, folder, containerRuntimeVersion: this.#runtimeVersion });
  }

  async #onUnauthorized(error: ApiError): Promise<void> {
    const { log, rejoin, onEnd } = this.#options;
    log.error({ error: error.message }, "the control plane refuses this agent: was its key revoked? Pods go on; join again with a new token");
    if (await rejoin()) onEnd("joined again");
  }
}

function allocatableOf(status: NodeStatus): Record<string, string> {
  return Object.fromEntries(Object.entries(status.allocatable ?? {}).map(([name, value]) => [name, String(value)]));
}
