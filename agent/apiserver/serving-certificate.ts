/**
 * The key and certificate that the agent speaks for the API with. The key is made here and never leaves the host; the
 * control plane signs it for a year, and half a year before that is over it signs another one. Both are kept on disk,
 * so that pods reach the agent also while it has no link, and hear from it that there is none.
 */
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { CertificateRequest, CertificateResponse } from "../../protocol/agent.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../pods/dependencies.ts";

export interface KeyPair {
  /** PEM, both. */
  privateKey: string;
  certificate: string;
}

export interface ServingCertificateOptions {
  path: string;
  clusterUid: string;
  clock: Clock;
  log: Log;
  ask(request: CertificateRequest): Promise<CertificateResponse>;
  /** Called with each pair, the one on disk first. */
  use(pair: KeyPair): Promise<void>;
}

interface Stored extends KeyPair {
  clusterUid: string;
}

const backoffMs = { first: 1000, most: 5 * 60_000 };
const longestWaitMs = 24 * 3600 * 1000;

export class ServingCertificate {
  readonly #options: ServingCertificateOptions;
  #pair: KeyPair | undefined;
  #used: KeyPair | undefined;
  #cancel: (() => void) | undefined;
  #isStopped = false;
  #failures = 0;

  constructor(options: ServingCertificateOptions) {
    this.#options = options;
  }

  /** Uses what is on disk, and has another one signed when there is none or when it is time; goes on with both. Never fails. */
  async start(): Promise<void> {
    this.#pair = this.#read();
    await this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  async #look(): Promise<void> {
    let nextMs = 0;
    try {
      await this.#usePair();
      if (this.#renewInMs() <= 0) this.#keep(await this.#newPair());
      await this.#usePair();
      this.#failures = 0;
      // A clock that was set, or a host that slept, is noticed within a day; one that is years ahead keeps nobody busy.
      nextMs = Math.min(longestWaitMs, Math.max(backoffMs.most, this.#renewInMs()));
    } catch (error) {
      this.#failures += 1;
      if (this.#failures === 1) this.#warn(error);
      nextMs = Math.min(backoffMs.most, backoffMs.first * 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2);
    }
    if (!this.#isStopped) this.#cancel = this.#options.clock.after(nextMs, () => void this.#look());
  }

  async #usePair(): Promise<void> {
    if (this.#pair === undefined || this.#used === this.#pair || this.#isStopped) return;
    await this.#options.use(this.#pair);
    this.#used = this.#pair;
  }

  async #newPair(): Promise<KeyPair> {
    const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const publicKey = keys.publicKey.export({ format: "der", type: "spki" }).toString("base64");
    const { certificate } = await this.#options.ask({ publicKey });
    return { privateKey: keys.privateKey.export({ format: "pem", type: "pkcs8" }).toString(), certificate };
  }

  /** Until half of the pair's life is over; zero from then on. */
  #renewInMs(): number {
    if (this.#pair === undefined) return 0;
    const { validFromDate, validToDate } = new X509Certificate(this.#pair.certificate);
    return Math.max(0, (validFromDate.getTime() + validToDate.getTime()) / 2 - this.#options.clock.now());
  }

  /** Undefined: there is none for this cluster that is still good. */
  #read(): KeyPair | undefined {
    const { path, clusterUid, clock } = this.#options;
    try {
      const stored = JSON.parse(readFileSync(path, "utf8")) as Stored; // written below
      const isGood = stored.clusterUid === clusterUid && new X509Certificate(stored.certificate).validToDate.getTime() > clock.now();
      return isGood ? stored : undefined;
    } catch {
      return undefined;
    }
  }

  #keep(pair: KeyPair): void {
    const { path, clusterUid } = this.#options;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, JSON.stringify({ clusterUid, ...pair } satisfies Stored), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    this.#pair = pair;
  }

  #warn(error: unknown): void {
    this.#options.log.warn({ error: error instanceof Error ? error.message : String(error) }, "pods cannot reach the API here yet");
  }
}
