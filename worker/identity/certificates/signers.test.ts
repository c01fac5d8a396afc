import { describe, expect, test } from "vitest";
import { isOwnSigner, whyNotSigned, type RequestFacts } from "./signers.ts";

const node = (more: Partial<RequestFacts> = {}): RequestFacts => ({
  commonNames: ["system:node:n1"], organizations: ["system:nodes"], dnsNames: [], ipAddresses: [], emailAddresses: [], uris: [], ...more,
});
const client = ["digital signature", "client auth"];
const server = ["digital signature", "server auth", "key encipherment"];

test("the cluster's own signers are three", () => {
  expect(["kube-apiserver-client", "kube-apiserver-client-kubelet", "kubelet-serving", "legacy-unknown"].map((name) => isOwnSigner(`kubernetes.io/${name}`))).toEqual([true, true, true, false]);
  expect(isOwnSigner("example.com/signer")).toBe(false);
});

describe("a signer", () => {
  test.each<[string, string, RequestFacts, string[], string | undefined]>([
    ["signs a client of the API", "kube-apiserver-client", node({ commonNames: ["ann"], organizations: [] }), ["client auth"], undefined],
    ["signs no client for another use", "kube-apiserver-client", node(), ["client auth", "server auth"], 'usages did not match ["client auth"]'],
    ["signs a node's client", "kube-apiserver-client-kubelet", node(), client, undefined],
    ["signs no node's client of another group", "kube-apiserver-client-kubelet", node({ organizations: ["a", "system:nodes"] }), client, "subject organization is not system:nodes"],
    ["signs no node's client with a name on the network", "kube-apiserver-client-kubelet", node({ dnsNames: ["n1"] }), client, "DNS subjectAltNames are not allowed"],
    ["signs no node's client of another name", "kube-apiserver-client-kubelet", node({ commonNames: ["ann"] }), client, "subject common name does not begin with system:node:"],
    ["signs no node's client with a second name", "kube-apiserver-client-kubelet", node({ commonNames: ["system:node:n1", "ann"] }), client, "subject common name does not begin with system:node:"],
    ["signs no node's client without a name", "kube-apiserver-client-kubelet", node({ commonNames: [] }), client, "subject common name does not begin with system:node:"],
    ["signs a node's server", "kubelet-serving", node({ ipAddresses: ["10.0.0.1"] }), server, undefined],
    ["signs no node's server without a name", "kubelet-serving", node(), server, "DNS or IP subjectAltName is required"],
  ])("%s", (_what, signer, facts, usages, why) => {
    expect(whyNotSigned(`kubernetes.io/${signer}`, facts, usages)).toBe(why);
  });
});
