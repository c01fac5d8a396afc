/**
 * The agents' public keys as the hub knows them, so that a poll is authenticated without the store. A key is read
 * once and then told: whoever revokes or replaces it says so here at once, and the store's own wake says it again.
 * Pure over storage and a read.
 */

export interface AgentKey {
  node: string;
  /** Empty: the agent was revoked. */
  publicKey: string;
  /** Milliseconds since the epoch. */
  readAt: number;
}

export interface AgentKeyStorage {
  get(node: string): AgentKey | undefined;
  put(key: AgentKey): void;
}

export interface AgentKeyPorts {
  storage: AgentKeyStorage;
  /** From the store; undefined: there is no such agent. */
  read(node: string): Promise<string | undefined>;
  now(): number;
}

/** So often a key is read again all the same: a database restored to the past tells nobody. */
const rereadMs = 3_600_000;
/** Names that never had an agent are remembered for a moment and in memory only: anybody may make them up. */
const strangerMs = 60_000;
const mostStrangers = 1_000;

export class AgentKeys {
  readonly #ports: AgentKeyPorts;
  readonly #reading = new Map<string, Promise<string | undefined>>();
  readonly #strangers = new Map<string, number>();

  constructor(ports: AgentKeyPorts) {
    this.#ports = ports;
  }

  /** The node's key; undefined: it has no agent. */
  async keyOf(node: string): Promise<string | undefined> {
    const now = this.#ports.now();
    if ((this.#strangers.get(node) ?? 0) > now) return undefined;
    const known = this.#ports.storage.get(node);
    if (known !== undefined && now - known.readAt < rereadMs) return known.publicKey || undefined;
    const running = this.#reading.get(node) ?? this.#read(node);
    this.#reading.set(node, running);
    return await running;
  }

  /**
   * The key may have changed: true if it did. What is being read at this moment may be the old one, and is not kept.
   */
  async changed(node: string): Promise<boolean> {
    const known = this.#ports.storage.get(node);
    this.#reading.delete(node);
    this.#strangers.delete(node);
    if (known !== undefined) this.#ports.storage.put({ ...known, readAt: this.#ports.now() - rereadMs });
    return ((await this.keyOf(node)) ?? "") !== (known?.publicKey ?? "");
  }

  async #read(node: string): Promise<string | undefined> {
    // The first step of a read is its caller's: by then it is known as the one that runs.
    await Promise.resolve();
    const running = this.#reading.get(node);
    try {
      const publicKey = await this.#ports.read(node);
      if (this.#reading.get(node) === running) this.#keep(node, publicKey);
      return publicKey;
    } finally {
      if (this.#reading.get(node) === running) this.#reading.delete(node);
    }
  }

  #keep(node: string, publicKey: string | undefined): void {
    const now = this.#ports.now();
    if (publicKey !== undefined || this.#ports.storage.get(node) !== undefined) {
      this.#ports.storage.put({ node, publicKey: publicKey ?? "", readAt: now });
      return;
    }
    if (this.#strangers.size >= mostStrangers) this.#strangers.clear();
    this.#strangers.set(node, now + strangerMs);
  }
}
