import type { RecordType } from "dns-packet";
import { describe, expect, it } from "vitest";
import { byName, service, slice } from "../testing/objects.ts";
import { answer, type Reply } from "./answer.ts";
import { zoneOf } from "./zone.ts";

const domain = "cluster.local";
const config = { domain, isClusterAddress: (ip: string) => ip.startsWith("10.") };

const services = byName(
  service("web", { clusterIP: "10.96.0.20", ports: [{ name: "http", port: 80, protocol: "TCP" }] }),
  service("empty", { clusterIP: "None" }),
  service("db", { clusterIP: "None", ports: [{ name: "sql", port: 5432 }] }),
  service("raw", { clusterIP: "None" }),
  service("slow", { clusterIP: "None", publishNotReadyAddresses: true }),
  service("outside", { type: "ExternalName", externalName: "example.com." }),
  service("inside", { type: "ExternalName", externalName: "web.default.svc.cluster.local" }),
);
const unready = { ready: false };
const slices = byName(
  slice("web", ["10.244.1.2"], { portName: "http" }),
  slice(
    "db",
    [
      { addresses: ["10.244.1.10"], hostname: "db-0", conditions: { ready: true } },
      { addresses: ["10.244.2.11"], hostname: "db-1", conditions: { ready: true } },
      { addresses: ["10.244.1.12"], hostname: "db-2", conditions: unready },
    ],
    { portName: "sql", port: 5432 },
  ),
  slice("raw", ["10.244.1.30"]),
  slice("slow", [{ addresses: ["10.244.1.40"], hostname: "slow-0", conditions: unready }]),
);
const zone = zoneOf(services, slices, domain);

function ask(name: string, type: RecordType): Reply {
  return answer(zone, { name, type }, config);
}

/** `A 10.96.0.20`, `SRV 80 web…`; or what else the reply is. */
function answers(name: string, type: RecordType): string[] {
  const reply = ask(name, type);
  if (reply.kind !== "records" && reply.kind !== "alias") return [reply.kind];
  return reply.answers.map((record) => {
    if (record.type === "SRV") return `SRV ${record.data.port} ${record.data.target}`;
    return `${record.type} ${"data" in record ? String(record.data) : ""}`;
  });
}

describe("cluster DNS", () => {
  it.each<[string, string, RecordType, string[]]>([
    ["a Service's name is its cluster IP", "web.default.svc.cluster.local", "A", ["A 10.96.0.20"]],
    ["names are not case-sensitive", "WEB.Default.svc.Cluster.Local", "A", ["A 10.96.0.20"]],
    ["a Service has no IPv6 address: NODATA, so that clients take the IPv4 one", "web.default.svc.cluster.local", "AAAA", ["nodata"]],
    ["a name that is none", "nothing.default.svc.cluster.local", "A", ["nxdomain"]],
    ["a namespace that is there has no records of its own", "default.svc.cluster.local", "A", ["nodata"]],
    ["a namespace that is not there", "web.other.svc.cluster.local", "A", ["nxdomain"]],
    ["a search list's wrong guess ends here", "example.com.default.svc.cluster.local", "A", ["nxdomain"]],
    ["a headless Service is its ready endpoints", "db.default.svc.cluster.local", "A", ["A 10.244.1.10", "A 10.244.2.11"]],
    ["a headless Service without endpoints exists", "empty.default.svc.cluster.local", "A", ["nodata"]],
    ["a StatefulSet's pod has its name", "db-1.db.default.svc.cluster.local", "A", ["A 10.244.2.11"]],
    ["an unready pod has none", "db-2.db.default.svc.cluster.local", "A", ["nxdomain"]],
    ["an unready pod has one if the Service publishes it", "slow-0.slow.default.svc.cluster.local", "A", ["A 10.244.1.40"]],
    ["an endpoint without hostname is named by its address", "10-244-1-30.raw.default.svc.cluster.local", "A", ["A 10.244.1.30"]],
    ["SRV of a Service is its cluster port", "_http._tcp.web.default.svc.cluster.local", "SRV", ["SRV 80 web.default.svc.cluster.local"]],
    [
      "SRV of a headless Service is every pod's name",
      "_sql._tcp.db.default.svc.cluster.local",
      "SRV",
      ["SRV 5432 db-0.db.default.svc.cluster.local", "SRV 5432 db-1.db.default.svc.cluster.local"],
    ],
    ["SRV of another protocol is not there", "_http._udp.web.default.svc.cluster.local", "SRV", ["nxdomain"]],
    ["PTR of a cluster IP is the Service", "20.0.96.10.in-addr.arpa", "PTR", ["PTR web.default.svc.cluster.local"]],
    ["PTR of a StatefulSet's pod is its name", "10.1.244.10.in-addr.arpa", "PTR", ["PTR db-0.db.default.svc.cluster.local"]],
    ["PTR of an unknown cluster address does not leave the host", "99.0.96.10.in-addr.arpa", "PTR", ["nxdomain"]],
    ["PTR of an address elsewhere is asked outside", "1.2.0.192.in-addr.arpa", "PTR", ["forward"]],
    ["an external name is an alias, to be resolved outside", "outside.default.svc.cluster.local", "A", ["CNAME example.com"]],
    ["an alias into the cluster is followed", "inside.default.svc.cluster.local", "A", ["CNAME web.default.svc.cluster.local", "A 10.96.0.20"]],
    ["a name outside is asked outside", "example.com", "A", ["forward"]],
    ["a name that only ends alike is asked outside", "mycluster.local", "A", ["forward"]],
  ])("%s: %s %s", (_, name, type, expected) => expect(answers(name, type)).toEqual(expected));

  it("an SRV answer brings the targets' addresses along", () => {
    const reply = ask("_sql._tcp.db.default.svc.cluster.local", "SRV");
    expect(reply).toMatchObject({ additionals: [{ data: "10.244.1.10" }, { data: "10.244.2.11" }] });
  });
  it("says with every no for how long to remember it", () => {
    expect(ask("nothing.default.svc.cluster.local", "A")).toMatchObject({ authorities: [{ type: "SOA", data: { minimum: 5 } }] });
  });
});
