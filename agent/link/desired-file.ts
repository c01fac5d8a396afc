/**
 * The desired state on disk, so that a host that boots without a link starts its pods. The file is 0600, and Secrets
 * in it are encrypted with a key that is derived from the agent's own: the file alone (a backup) tells none of them.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "../clock.ts";
import type { DesiredState } from "./desired-state.ts";
import type { Identity } from "./identity.ts";

const writeAfterMs = 500;
const format = 1;

interface Stored {
  format: number;
  clusterUid: string;
  epoch: number;
  revision: number;
  pods: DesiredState["pods"] extends ReadonlyMap<string, infer T> ? [string, T][] : never;
  configMaps: [string, unknown][];
  services: [string, unknown][];
  endpointSlices: [string, unknown][];
  /** AES-256-GCM: nonce, tag, text; base64. */
  secrets: string;
}

export class DesiredFile {
  readonly #path: string;
  readonly #key: Buffer;
  readonly #clock: Clock;
  #pending: DesiredState | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor({ path, identity, clock }: { path: string; identity: Identity; clock: Clock }) {
    this.#path = path;
    this.#clock = clock;
    this.#key = Buffer.from(hkdfSync("sha256", identity.privateKey.d ?? "", "", "kedge desired state", 32));
  }

  /** Undefined: there is none, or none that can be read. */
  async read(): Promise<DesiredState | undefined> {
    try {
      const stored = JSON.parse(await readFile(this.#path, "utf8")) as Stored; // written below
      if (stored.format !== format) return undefined;
      const { clusterUid, epoch, revision } = stored;
      const map = <T>(entries: [string, unknown][]): ReadonlyMap<string, T> => new Map(entries as [string, T][]); // ours
      return {
        ...{ clusterUid, epoch, revision },
        pods: new Map(stored.pods),
        configMaps: map(stored.configMaps),
        services: map(stored.services),
        endpointSlices: map(stored.endpointSlices),
        secrets: map(JSON.parse(this.#decrypt(stored.secrets)) as [string, unknown][]),
      };
    } catch {
      return undefined;
    }
  }

  /** Writes the newest state a little later; many calls make one write. */
  save(state: DesiredState): void {
    const isPlanned = this.#pending !== undefined;
    this.#pending = state;
    if (!isPlanned) this.#clock.after(writeAfterMs, () => void this.flush().catch(() => undefined));
  }

  /** Everything that was to be saved is on disk. */
  async flush(): Promise<void> {
    const state = this.#pending;
    this.#pending = undefined;
    if (state !== undefined) this.#writing = this.#writing.catch(() => undefined).then(() => this.#write(state));
    await this.#writing;
  }

  async #write(state: DesiredState): Promise<void> {
    const { clusterUid, epoch, revision } = state;
    const stored: Stored = {
      ...{ format, clusterUid, epoch, revision },
      pods: [...state.pods],
      configMaps: [...state.configMaps],
      services: [...state.services],
      endpointSlices: [...state.endpointSlices],
      secrets: this.#encrypt(JSON.stringify([...state.secrets])),
    };
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await writeFile(`${this.#path}.new`, JSON.stringify(stored), { mode: 0o600 });
    await rename(`${this.#path}.new`, this.#path);
  }

  #encrypt(text: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), encrypted]).toString("base64");
  }

  #decrypt(text: string): string {
    const bytes = Buffer.from(text, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.#key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
  }
}
