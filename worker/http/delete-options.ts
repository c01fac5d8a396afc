/** `DeleteOptions`, from the body or the query. */
import { StatusError, type StatusCause } from "../../protocol/status.ts";
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import type { DeleteOptions } from "../registry/registry.ts";
import { parseBody, readBody } from "./body.ts";
import type { Call } from "./context.ts";
import { dryRunCauses, invalidOptions, isTrue } from "./options.ts";

export interface DeleteRequest {
  options: DeleteOptions;
  isDryRun: boolean;
}

type Raw = Record<string, unknown>;

export async function deleteOptionsOf({ request, query }: Pick<Call, "request" | "query">): Promise<DeleteRequest> {
  const body = await readBody(request);
  const given = body.text.trim() === "" ? {} : parseBody(body, "DeleteOptions");
  if (!isRecord(given)) throw StatusError.badRequest("the body of a delete must be DeleteOptions");
  const raw: Raw = { ...fromQuery(query), ...given };
  const causes = [...dryRunCauses(listOf(raw["dryRun"])), ...propagationCauses(raw)];
  if (causes.length > 0) throw invalidOptions("DeleteOptions", causes);
  return { options: optionsOf(raw), isDryRun: listOf(raw["dryRun"]).includes("All") };
}

/** What the options themselves say. */
export function isTriedDry(raw: Raw): boolean {
  const values = listOf(raw["dryRun"]);
  const causes = dryRunCauses(values);
  if (causes.length > 0) throw invalidOptions("DeleteOptions", causes);
  return values.includes("All");
}

function fromQuery(query: URLSearchParams): Raw {
  const raw: Raw = {};
  const grace = query.get("gracePeriodSeconds");
  if (grace) raw["gracePeriodSeconds"] = Number(grace);
  const policy = query.get("propagationPolicy");
  if (policy) raw["propagationPolicy"] = policy;
  if (query.has("orphanDependents")) raw["orphanDependents"] = isTrue(query, "orphanDependents");
  if (query.has("dryRun")) raw["dryRun"] = query.getAll("dryRun");
  return raw;
}

export function optionsOf(raw: Raw): DeleteOptions {
  const { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions } = raw;
  if (gracePeriodSeconds !== undefined && gracePeriodSeconds !== null && !Number.isInteger(gracePeriodSeconds)) {
    throw StatusError.badRequest(`DeleteOptions: gracePeriodSeconds: ${JSON.stringify(gracePeriodSeconds)} is not a whole number`);
  }
  const options: DeleteOptions = {};
  if (typeof gracePeriodSeconds === "number") options.gracePeriodSeconds = gracePeriodSeconds;
  if (isPolicy(propagationPolicy)) options.propagationPolicy = propagationPolicy;
  else if (typeof orphanDependents === "boolean") options.propagationPolicy = orphanDependents ? "Orphan" : "Background";
  if (isRecord(preconditions)) options.preconditions = preconditionsOf(preconditions);
  return options;
}

function preconditionsOf({ uid, resourceVersion }: Raw): NonNullable<DeleteOptions["preconditions"]> {
  return {
    ...(typeof uid === "string" ? { uid } : {}),
    ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
  };
}

const policies = ["Background", "Foreground", "Orphan"];

function isPolicy(value: unknown): value is NonNullable<DeleteOptions["propagationPolicy"]> {
  return typeof value === "string" && policies.includes(value);
}

function propagationCauses({ propagationPolicy, orphanDependents }: Raw): StatusCause[] {
  const field = "propagationPolicy";
  if (propagationPolicy === undefined || propagationPolicy === null || propagationPolicy === "") return [];
  if (typeof orphanDependents === "boolean") {
    const message = "Invalid value: orphanDependents and deletionPropagation cannot be both set";
    return [{ reason: "FieldValueInvalid", message, field }];
  }
  if (isPolicy(propagationPolicy)) return [];
  const known = [...policies, "nil"].map((one) => JSON.stringify(one)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(propagationPolicy)}: supported values: ${known}`;
  return [{ reason: "FieldValueNotSupported", message, field }];
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
