/**
 * Who else may tell who somebody is: the `jwt` list of Kubernetes' AuthenticationConfiguration (apiserver.config.k8s.io),
 * as JSON or YAML, whole or the list alone. What is not supported (CEL expressions, own certificate authorities) is
 * refused, never ignored. Pure.
 */
import { parse } from "yaml";
import type { JSONWebKeySet } from "jose";
import { isRecord } from "../../../protocol/kubernetes/equal.ts";

export interface ClaimMapping {
  claim: string;
  prefix: string;
}

export interface OidcIssuer {
  url: string;
  audiences: string[];
  discoveryUrl: string;
  /** kedge's own: the public keys themselves, for an issuer that the Worker cannot reach or whose CA it does not know. */
  keys?: JSONWebKeySet;
  username: ClaimMapping;
  groups?: ClaimMapping;
  uid?: { claim: string };
  /** Claims that must have these very values. */
  required: { claim: string; value: string }[];
}

export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

export function oidcIssuersOf(text: string): OidcIssuer[] {
  if (text.trim() === "") return [];
  const value: unknown = parse(text, { maxAliasCount: 0 });
  const list = isRecord(value) ? value["jwt"] : value;
  if (!Array.isArray(list)) throw new ConfigurationError("OIDC_ISSUERS: want a list, or an AuthenticationConfiguration with `jwt`");
  const issuers = list.map((entry, at) => issuerOf(new Part(entry, `jwt[${at}]`)));
  const twice = issuers.find(({ url }, at) => issuers.findIndex((other) => other.url === url) !== at);
  if (twice !== undefined) throw new ConfigurationError(`OIDC_ISSUERS: ${twice.url} is named twice`);
  return issuers;
}

/** A part of the configuration that knows where it stands. */
class Part {
  readonly #value: Record<string, unknown>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (!isRecord(value)) throw new ConfigurationError(`OIDC_ISSUERS: ${path}: Required value`);
    this.#value = value;
    this.#path = path;
  }

  has(field: string): boolean {
    return this.#value[field] !== undefined;
  }

  raw(field: string): unknown {
    return this.#value[field];
  }

  part(field: string): Part {
    return new Part(this.#value[field], `${this.#path}.${field}`);
  }

  parts(field: string): Part[] {
    const value = this.#value[field] ?? [];
    if (!Array.isArray(value)) throw this.error(field, "must be a list");
    return value.map((entry, at) => new Part(entry, `${this.#path}.${field}[${at}]`));
  }

  text(field: string): string {
    const value = this.#value[field] ?? "";
    if (typeof value !== "string") throw this.error(field, "must be a string");
    return value;
  }

  needed(field: string): string {
    const value = this.text(field);
    if (value === "") throw this.error(field, "Required value");
    return value;
  }

  /** Fields beyond these are of no effect here: whoever wrote them counts on them. */
  only(...fields: string[]): void {
    for (const field of Object.keys(this.#value)) if (!fields.includes(field)) throw this.error(field, "is not supported");
  }

  error(field: string, why: string): ConfigurationError {
    return new ConfigurationError(`OIDC_ISSUERS: ${this.#path}.${field}: ${why}`);
  }
}

function issuerOf(entry: Part): OidcIssuer {
  entry.only("issuer", "claimMappings", "claimValidationRules");
  const issuer = entry.part("issuer");
  issuer.only("url", "discoveryURL", "audiences", "audienceMatchPolicy", "keys");
  const url = httpsUrl(issuer, "url");
  const audiences = issuer.raw("audiences");
  if (!isStrings(audiences) || audiences.length === 0) throw issuer.error("audiences", "Required value: at least one audience");
  const mappings = entry.part("claimMappings");
  mappings.only("username", "groups", "uid");
  const keys = issuer.raw("keys");
  return {
    url,
    audiences,
    discoveryUrl: issuer.has("discoveryURL") ? httpsUrl(issuer, "discoveryURL") : `${url.replace(/\/$/, "")}/.well-known/openid-configuration`,
    ...(keys === undefined ? {} : { keys: { keys: listOf(issuer, "keys") } as JSONWebKeySet }), // each is checked when it is imported
    username: mappingOf(mappings.part("username"), `${url}#`),
    ...(mappings.has("groups") ? { groups: mappingOf(mappings.part("groups"), "") } : {}),
    ...(mappings.has("uid") ? { uid: { claim: uidClaim(mappings.part("uid")) } } : {}),
    required: entry.parts("claimValidationRules").map(ruleOf),
  };
}

/** Without a prefix, names of one issuer could be those of another: the default keeps them apart, e-mail addresses do so themselves. */
function mappingOf(mapping: Part, defaultPrefix: string): ClaimMapping {
  mapping.only("claim", "prefix");
  const claim = mapping.needed("claim");
  return { claim, prefix: mapping.has("prefix") ? mapping.text("prefix") : claim === "email" ? "" : defaultPrefix };
}

function uidClaim(mapping: Part): string {
  mapping.only("claim");
  return mapping.needed("claim");
}

function ruleOf(rule: Part): { claim: string; value: string } {
  rule.only("claim", "requiredValue");
  return { claim: rule.needed("claim"), value: rule.text("requiredValue") };
}

function httpsUrl(part: Part, field: string): string {
  const text = part.needed(field);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:") throw part.error(field, `Invalid value: ${JSON.stringify(text)}: URL scheme must be https`);
  if (url.username !== "" || url.search !== "" || url.hash !== "") throw part.error(field, `Invalid value: ${JSON.stringify(text)}: must have no user, query or fragment`);
  return text;
}

function listOf(part: Part, field: string): unknown[] {
  const value = part.raw(field);
  if (!Array.isArray(value)) throw part.error(field, "must be a list of JSON Web Keys");
  return value;
}

const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
