/** Answers one question from the zone, or says that it is somebody else's; pure. */
import type { Answer, Question } from "dns-packet";
import { trimDot, type Records, type Zone } from "./zone.ts";

/** Seconds; CoreDNS uses the same for cluster names. */
export const timeToLive = 5;

export type Reply =
  | { kind: "records"; answers: Answer[]; additionals: Answer[] }
  /** The name exists, but has nothing of this type. */
  | { kind: "nodata"; authorities: Answer[] }
  | { kind: "nxdomain"; authorities: Answer[] }
  /** An external-name Service: the rest of the answer is to be resolved outside. */
  | { kind: "alias"; answers: Answer[]; target: string }
  | { kind: "forward" };

export interface AnswerConfig {
  domain: string;
  /** Pointers of addresses in here are ours: unknown ones are NXDOMAIN and never leave the host. */
  isClusterAddress(ip: string): boolean;
}

export function answer(zone: Zone, question: Question, config: AnswerConfig): Reply {
  const name = trimDot(question.name.toLowerCase());
  if (name.endsWith(".in-addr.arpa")) return answerPointer(zone, question, config);
  if (name !== config.domain && !name.endsWith(`.${config.domain}`)) return { kind: "forward" };
  const records = zone.names.get(name);
  const authorities = [soa(config.domain)];
  if (!records) return { kind: "nxdomain", authorities };
  if (records.cname !== undefined) return alias(zone, question, records.cname, config);
  const answers = recordsOf(question, records, config.domain);
  if (answers.length === 0) return { kind: "nodata", authorities };
  return { kind: "records", answers, additionals: targetAddresses(zone, records, question) };
}

function recordsOf(question: Question, records: Records, domain: string): Answer[] {
  const { name } = question;
  const type: string = question.type; // the library's type lacks ANY
  const isAny = type === "ANY";
  const a = records.a.map((data): Answer => ({ name, type: "A", ttl: timeToLive, data }));
  const srv = records.srv.map(
    ({ port, target }): Answer => ({ name, type: "SRV", ttl: timeToLive, data: { port, target, priority: 0, weight: 100 } }),
  );
  if (question.type === "SOA" && trimDot(name.toLowerCase()) === domain) return [soa(domain)];
  return [...(isAny || question.type === "A" ? a : []), ...(isAny || question.type === "SRV" ? srv : [])];
}

/** Addresses of the SRV targets, so that the client need not ask again. */
function targetAddresses(zone: Zone, records: Records, question: Question): Answer[] {
  if (question.type !== "SRV") return [];
  const targets = [...new Set(records.srv.map((srv) => srv.target))];
  return targets.flatMap((name) =>
    (zone.names.get(name)?.a ?? []).map((data): Answer => ({ name, type: "A", ttl: timeToLive, data })),
  );
}

function alias(zone: Zone, question: Question, target: string, config: AnswerConfig): Reply {
  const cname: Answer = { name: question.name, type: "CNAME", ttl: timeToLive, data: target };
  if (question.type === "CNAME") return { kind: "records", answers: [cname], additionals: [] };
  const isOurs = target.toLowerCase().endsWith(`.${config.domain}`);
  if (!isOurs) return { kind: "alias", answers: [cname], target };
  // One step only: an alias to an alias inside the cluster could go round for ever.
  const records = zone.names.get(target.toLowerCase());
  const answers = records ? recordsOf({ ...question, name: target }, records, config.domain) : [];
  return { kind: "records", answers: [cname, ...answers], additionals: [] };
}

function answerPointer(zone: Zone, question: Question, config: AnswerConfig): Reply {
  const name = trimDot(question.name.toLowerCase());
  const names = zone.pointers.get(name);
  const ip = name.replace(/\.in-addr\.arpa$/, "").split(".").reverse().join(".");
  if (!names) {
    return config.isClusterAddress(ip) ? { kind: "nxdomain", authorities: [soa(config.domain)] } : { kind: "forward" };
  }
  if (question.type !== "PTR") return { kind: "nodata", authorities: [soa(config.domain)] };
  const answers = names.map((data): Answer => ({ name: question.name, type: "PTR", ttl: timeToLive, data }));
  return { kind: "records", answers, additionals: [] };
}

/** Says how long "there is no such name" may be remembered. */
function soa(domain: string): Answer {
  const data = {
    mname: `ns.dns.${domain}`,
    rname: `hostmaster.${domain}`,
    serial: 1,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: timeToLive,
  };
  return { name: domain, type: "SOA", ttl: timeToLive, data };
}
