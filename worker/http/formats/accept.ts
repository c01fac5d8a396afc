/**
 * Content negotiation as upstream: the client's wishes, best first, each against JSON, YAML and protobuf; the first that
 * can be met. A wish may also ask for another form of the object (`as=Table`), and not every kind has every one.
 */
import { StatusError } from "../../../protocol/status.ts";
import { apiVersionOf } from "../../registry/text.ts";
import type { Resource } from "../../resources/resource.ts";
import { hasProtobuf } from "../protobuf/encode.ts";

export type Form = "object" | "table" | "metadata";
export type Encoding = "json" | "yaml" | "protobuf";

export interface Accepted {
  form: Form;
  encoding: Encoding;
}

export const mediaTypes: Record<Encoding, string> = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
};

const encodings: Encoding[] = ["json", "yaml", "protobuf"];

/** What nearly everybody wants. */
export const plainJson: Accepted = { form: "object", encoding: "json" };

type Kind = Pick<Resource, "group" | "version" | "kind" | "isStored" | "verbs">;

/** Of one object, or a list of them; nothing that can be met: 406. */
export function acceptOf(request: Request, kind: Kind): Accepted {
  if (isPlain(request)) return plainJson;
  const found = firstOf(request, (clause, encoding) => (isOffered(kind, encoding) ? formOf(kind, clause, encoding) : undefined));
  if (found !== undefined) return found;
  throw StatusError.notAcceptable(encodings.filter((encoding) => isOffered(kind, encoding)).map((encoding) => mediaTypes[encoding]));
}

/** Of a watch: YAML has no way to say where an event ends. */
export function streamAcceptOf(request: Request, kind: Kind): Accepted {
  if (isPlain(request)) return plainJson;
  // As upstream: YAML first is refused, even if something else would do, too.
  const found = firstOf(request, (clause, encoding) => (isOffered(kind, encoding) ? formOf(kind, clause, encoding) : undefined));
  if (found !== undefined && found.encoding !== "yaml") return found;
  const streams = encodings.filter((encoding) => encoding !== "yaml" && isOffered(kind, encoding));
  throw StatusError.notAcceptable(streams.map((encoding) => `${mediaTypes[encoding]};stream=watch`));
}

/** Of what has one form only (discovery). Undefined: none of the three will do. */
export function encodingOf(request: Request): Encoding | undefined {
  if (isPlain(request)) return "json";
  return firstOf(request, ({ parameters }, encoding) => (parameters.has("as") ? undefined : { form: "object", encoding }))?.encoding;
}

/** `as` `APIGroupDiscoveryList` before anything else that will do. */
export function wantsAggregated(request: Request): boolean {
  const found = firstOf(request, ({ parameters }, encoding): Accepted | undefined => {
    if (!parameters.has("as")) return { form: "object", encoding };
    return encoding === "json" && isAggregated(parameters) ? { form: "table", encoding } : undefined;
  });
  return found?.form === "table";
}

function isAggregated(parameters: Map<string, string>): boolean {
  return parameters.get("as") === "APIGroupDiscoveryList" && parameters.get("g") === "apidiscovery.k8s.io" && parameters.get("v") === "v2";
}

function isPlain(request: Request): boolean {
  const header = request.headers.get("accept");
  return header === null || header === "" || header === "application/json" || header === "*/*";
}

function isOffered(kind: Kind, encoding: Encoding): boolean {
  return encoding !== "protobuf" || hasProtobuf({ apiVersion: apiVersionOf(kind), kind: kind.kind });
}

interface Clause {
  type: string;
  parameters: Map<string, string>;
  quality: number;
}

type Offer = (clause: Clause, encoding: Encoding) => Accepted | undefined;

function firstOf(request: Request, offer: Offer): Accepted | undefined {
  for (const clause of clausesOf(request.headers.get("accept") ?? "")) {
    for (const encoding of encodings) {
      if (!covers(clause.type, mediaTypes[encoding])) continue;
      const found = offer(clause, encoding);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function covers(wish: string, mediaType: string): boolean {
  return wish === mediaType || wish === "application/*" || wish === "*/*";
}

/** Best first; among equals those without wildcards, then as the client wrote them. */
function clausesOf(header: string): Clause[] {
  const clauses = header.split(",").map(clauseOf);
  return clauses.toSorted((left, right) => right.quality - left.quality || wildness(left) - wildness(right));
}

function wildness({ type }: Clause): number {
  return type === "*/*" ? 2 : type.endsWith("/*") ? 1 : 0;
}

function clauseOf(text: string): Clause {
  const [type = "", ...parts] = text.split(";").map((part) => part.trim());
  const parameters = new Map(parts.map((part) => part.split("=", 2) as [string, string]));
  const quality = Number(parameters.get("q") ?? 1);
  return { type, parameters, quality: Number.isNaN(quality) ? 1 : quality };
}

/** Undefined: the kind has no such form in this encoding. */
const isQuestion = ({ isStored, verbs }: Kind): boolean => isStored === false && !verbs.includes("list");

function formOf(kind: Kind, { parameters }: Clause, encoding: Encoding): Accepted | undefined {
  const stream = parameters.get("stream");
  if (stream !== undefined && stream !== "" && stream !== "watch") return undefined;
  const as = parameters.get("as");
  if (as === undefined) return { form: "object", encoding };
  if (parameters.get("g") !== "meta.k8s.io" || parameters.get("v") !== "v1") return undefined;
  // A Table has cells of any type, which protobuf has no words for; a question (a review) is no row of one.
  if (as === "Table") return encoding === "protobuf" || isQuestion(kind) ? undefined : { form: "table", encoding };
  return as === "PartialObjectMetadata" || as === "PartialObjectMetadataList" ? { form: "metadata", encoding } : undefined;
}
