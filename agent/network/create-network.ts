/** The network of one node, as the agent's main loop uses it. */
import { join } from "node:path";
import { namesOf } from "../host/names.ts";
import { withApiEndpoint } from "./api-endpoint.ts";
import { writeCniConfig } from "./cni.ts";
import { deleteFlows, staleFlows } from "./conntrack.ts";
import { DnsServer } from "./dns/server.ts";
import { hostResolvers, parseUpstream } from "./dns/upstream.ts";
import { zoneOf } from "./dns/zone.ts";
import { openForeignFirewall } from "./foreign-firewall.ts";
import { frameOf } from "./frame.ts";
import { hostPortsOf } from "./host-ports.ts";
import { ensureInterfaces, setSysctls } from "./interfaces.ts";
import { contains, isIpv4, parseCidr, parseIpv4 } from "./ipv4.ts";
import type { Network, NetworkConfig, NetworkState } from "./network.ts";
import { applyNft, hasTable } from "./nft.ts";
import { PeerRoutes, routesTo } from "./peer-routes.ts";
import { removeNetwork } from "./remove-network.ts";
import { emptyRuleset, renderAll, renderChange, type Ruleset } from "./ruleset.ts";
import { readRuleset, writeRuleset } from "./ruleset-file.ts";
import { rulesetOf } from "./service-rules.ts";
import { Forwards, type Forward } from "./services.ts";

export interface NetworkOptions {
  /** A line for the log about something that works less well than it could. */
  report(line: string): void;
}

/** How often it is looked at what others did to this host's rules. */
const resyncMs = 60_000;

export function createNetwork(config: NetworkConfig, options: Partial<NetworkOptions> = {}): Network {
  return new NodeNetwork(config, options.report ?? (() => undefined));
}

class NodeNetwork implements Network {
  readonly cniConfDir: string;
  readonly #config: NetworkConfig;
  readonly #names: ReturnType<typeof namesOf>;
  readonly #report: (line: string) => void;
  readonly #dns: DnsServer;
  readonly #peerRoutes: PeerRoutes;
  /** What the kernel has; undefined: unknown, so the table is replaced whole. */
  #ruleset: Ruleset | undefined;
  readonly #forwardsOf: Forwards;
  #forwards: Forward[] = [];
  /** What was said already of others' rules: they are looked at every minute. */
  readonly #reported = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #resyncing: Promise<void> = Promise.resolve();
  /** The last state that was applied. */
  #applied: NetworkState | undefined;
  #waiting: NetworkState | undefined;
  /** The last application, settled either way. */
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(config: NetworkConfig, report: (line: string) => void) {
    this.#config = config;
    this.#names = namesOf(config.stateDir);
    this.#report = report;
    this.#peerRoutes = new PeerRoutes(this.#names.runtimeDir, report);
    this.#forwardsOf = new Forwards(config.nodeName, config.serviceCidr);
    this.cniConfDir = this.#names.cniConfDir;
    const ours = [config.clusterCidr, config.serviceCidr].map(parseCidr);
    this.#dns = new DnsServer({
      address: config.dnsAddress,
      port: 53,
      domain: config.clusterDomain.toLowerCase(),
      isClusterAddress: (ip) => isIpv4(ip) && ours.some((cidr) => contains(cidr, parseIpv4(ip))),
      upstreams: () => config.upstreamDns?.map(parseUpstream) ?? hostResolvers(new Set([config.dnsAddress])),
    });
  }

  async start(): Promise<void> {
    const { bridge, serviceInterface, name, runtimeDir } = this.#names;
    const { podCidr, serviceCidr, dnsAddress } = this.#config;
    await ensureInterfaces({ bridge, serviceInterface, podCidr, serviceCidr, dnsAddress });
    await setSysctls(bridge);
    writeCniConfig(this.cniConfDir, { name, bridge, podCidr, leaseDir: join(runtimeDir, "ipam") });
    // Masquerade and the guards are needed before Services are known; what an earlier run programmed stays until then.
    if (!(await hasTable(this.#names.nftTable))) await this.#program(emptyRuleset);
    await this.#dns.start();
    await this.#resync();
    this.#timer = setInterval(() => (this.#resyncing = this.#resync()), resyncMs).unref();
  }

  /** Calls that arrive while one is applied share the next one, which takes the newest of their states. */
  apply(state: NetworkState): Promise<void> {
    this.#waiting = state;
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      const applied = this.#applyWaiting();
      this.#running = applied.catch(() => undefined);
      return applied;
    });
    return this.#next;
  }

  async #applyWaiting(): Promise<void> {
    const state = this.#waiting;
    this.#waiting = undefined;
    if (!state) return;
    const { podCidr, clusterDomain, dnsAddress } = this.#config;
    this.#dns.setZone(() => zoneOf(state.services, state.endpointSlices, clusterDomain.toLowerCase()));
    const ofServices = this.#forwardsOf.of(state.services, state.endpointSlices);
    const forwards = withApiEndpoint(ofServices, { address: dnsAddress, port: state.apiPort });
    await this.#program(rulesetOf(forwards, hostPortsOf(state.pods), podCidr));
    await deleteFlows(staleFlows(this.#forwards, forwards));
    this.#forwards = forwards;
    if (state.peers) await this.#peerRoutes.set(routesTo(state.peers.values()));
    this.#applied = state;
  }

  /** Changes what differs. Whatever goes wrong with that (a table that somebody flushed), the whole table is replaced. */
  async #program(ruleset: Ruleset): Promise<void> {
    const frame = frameOf({ ...this.#config, table: this.#names.nftTable, bridge: this.#names.bridge });
    const before = this.#ruleset ?? (await readRuleset(this.#names.runtimeDir, frame));
    this.#ruleset = undefined;
    const isChanged = before !== undefined && (await this.#tryChange(renderChange(frame.table, before, ruleset)));
    if (!isChanged) await applyNft(renderAll(frame, ruleset));
    this.#ruleset = ruleset;
  }

  async #tryChange(commands: string): Promise<boolean> {
    try {
      await applyNft(commands);
      return true;
    } catch (error) {
      this.#report(`nftables differ from what was programmed, replacing the table: ${String(error)}`);
      return false;
    }
  }

  /** Mends what others did to this host's rules: a flushed ruleset, a Docker or ufw that came after us. */
  async #resync(): Promise<void> {
    try {
      await openForeignFirewall(this.#names.bridge, this.#config.dnsAddress, (line) => this.#reportOnce(line));
      if (this.#ruleset === undefined || !this.#applied || (await hasTable(this.#names.nftTable))) return;
      this.#report("the nftables table is gone (was the ruleset flushed?): programming it again");
      this.#ruleset = undefined;
      await this.apply(this.#applied);
    } catch (error) {
      this.#report(String(error));
    }
  }

  #reportOnce(line: string): void {
    if (!this.#reported.has(line)) this.#report(line);
    this.#reported.add(line);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    // A resync under way must not program a table that is removed next.
    await this.#resyncing;
    await (this.#next ?? this.#running).catch(() => undefined);
    await this.#dns.stop();
    const frame = frameOf({ ...this.#config, table: this.#names.nftTable, bridge: this.#names.bridge });
    if (this.#ruleset) writeRuleset(this.#names.runtimeDir, frame, this.#ruleset);
    this.#ruleset = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    await removeNetwork(this.#names);
  }
}
