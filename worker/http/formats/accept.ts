/** Content negotiation, as far as clients use it: JSON, and the meta.k8s.io forms of it. */
import { StatusError } from "../../../protocol/status.ts";

export type Form = "object" | "table" | "metadata";

const accepted = ["application/json", "application/yaml"];

export interface Accepted {
  form: Form;
  isYaml: boolean;
}

/** The first of the client's wishes that can be met; none: 406. */
export function acceptOf(request: Request): Accepted {
  const header = request.headers.get("accept");
  if (header === null || header === "" || header === "application/json" || header === "*/*") return plain;
  for (const clause of header.split(",")) {
    const found = read(clause);
    if (found !== undefined) return found;
  }
  throw StatusError.notAcceptable(accepted);
}

const plain: Accepted = { form: "object", isYaml: false };

function read(clause: string): Accepted | undefined {
  const [type = "", ...parameters] = clause.split(";").map((part) => part.trim());
  const isYaml = type === "application/yaml";
  if (!isYaml && !["application/json", "application/*", "*/*"].includes(type)) return undefined;
  const values = new Map(parameters.map((part) => part.split("=", 2) as [string, string]));
  const as = values.get("as");
  if (as === undefined) return { form: "object", isYaml };
  if (values.get("g") !== "meta.k8s.io" || values.get("v") !== "v1") return undefined;
  if (as === "Table") return { form: "table", isYaml };
  return as === "PartialObjectMetadata" || as === "PartialObjectMetadataList" ? { form: "metadata", isYaml } : undefined;
}

/** True when aggregated discovery v2 is wanted before plain JSON is. */
export function acceptsAggregated(request: Request): boolean {
  for (const clause of (request.headers.get("accept") ?? "").split(",")) {
    const [type = "", ...parameters] = clause.split(";").map((part) => part.trim());
    if (type !== "application/json") continue;
    if (parameters.length === 0) return false;
    const wanted = ["g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"];
    if (wanted.every((part) => parameters.includes(part))) return true;
  }
  return false;
}
