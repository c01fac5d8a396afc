/** The network of one node, as the agent's main loop uses it. */
import { join } from "node:path";
import { namesOf } from "../host/names.ts";
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
import { applyNft } from "./nft.ts";
import { applyRoutes, routeChange, routesTo, type Routes } from "./peer-routes.ts";
import { removeNetwork } from "./remove-network.ts";
import { renderAll, renderChange, type Ruleset } from "./ruleset.ts";
import { rulesetOf } from "./service-rules.ts";
import { forwardsOf, type Forward } from "./services.ts";

export interface NetworkOptions {
  /** A line for the log about something that works less well than it could. */
  report(line: string): void;
}

/** How often rules of others (Docker started after us, ufw was switched on) are looked at again. */
const foreignFirewallMs = 60_000;

export function createNetwork(config: NetworkConfig, options: Partial<NetworkOptions> = {}): Network {
  return new NodeNetwork(config, options.report ?? (() => undefined));
}

class NodeNetwork implements Network {
  readonly cniConfDir: string;
  readonly #config: NetworkConfig;
  readonly #names: ReturnType<typeof namesOf>;
  readonly #report: (line: string) => void;
  readonly #dns: DnsServer;
  /** What the kernel has; undefined: unknown, so the table is replaced whole. */
  #ruleset: Ruleset | undefined;
  #forwards: Forward[] = [];
  #routes: Routes = new Map();
  #foreignFirewallAt = 0;
  #waiting: NetworkState | undefined;
  /** The last application, settled either way. */
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(config: NetworkConfig, report: (line: string) => void) {
    this.#config = config;
    this.#names = namesOf(config.stateDir);
    this.#report = report;
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
    await this.#openForeignFirewall();
    await this.#dns.start();
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
    const { podCidr, nodeName, clusterDomain } = this.#config;
    this.#dns.setZone(zoneOf(state.services, state.endpointSlices, clusterDomain));
    const forwards = forwardsOf(state.services, state.endpointSlices, nodeName);
    await this.#program(rulesetOf(forwards, hostPortsOf(state.pods), podCidr));
    await deleteFlows(staleFlows(this.#forwards, forwards));
    this.#forwards = forwards;
    await this.#route(routesTo(state.peers?.values() ?? []));
    await this.#openForeignFirewall();
  }

  async #program(ruleset: Ruleset): Promise<void> {
    const frame = frameOf({ ...this.#config, table: this.#names.nftTable, bridge: this.#names.bridge });
    const before = this.#ruleset;
    this.#ruleset = undefined;
    if (before) {
      const isDone = await applyNft(renderChange(frame.table, before, ruleset)).then(
        () => true,
        (error: Error) => this.#report(`nftables differ from what was programmed, replacing the table: ${error.message}`),
      );
      if (!isDone) await applyNft(renderAll(frame, ruleset));
    } else await applyNft(renderAll(frame, ruleset));
    this.#ruleset = ruleset;
  }

  async #route(routes: Routes): Promise<void> {
    await applyRoutes(routeChange(this.#routes, routes), this.#report);
    this.#routes = routes;
  }

  async #openForeignFirewall(): Promise<void> {
    if (Date.now() - this.#foreignFirewallAt < foreignFirewallMs) return;
    this.#foreignFirewallAt = Date.now();
    await openForeignFirewall(this.#names.bridge).catch((error: Error) => this.#report(error.message));
  }

  async stop(): Promise<void> {
    await (this.#next ?? this.#running).catch(() => undefined);
    await this.#dns.stop();
  }

  async remove(): Promise<void> {
    await this.stop();
    await removeNetwork(this.#names);
  }
}
