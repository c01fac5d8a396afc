/**
 * FlowSchemas: whether the priority level that each names is there. One look for all of them, since a level may be
 * named by any (upstream's apiserver/pkg/util/flowcontrol).
 */
import type { FlowSchema, PriorityLevelConfiguration } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { mandatoryLevels } from "../fairness/suggested.ts";
import { type Condition, withCondition } from "./conditions.ts";
import type { Action, Controller } from "./controller.ts";
import { isSame } from "./equality.ts";
import { isDeleting } from "./owner-references.ts";

/** The only key of this controller. */
export const flowSchemasKey = "flowschemas//";

export interface FlowSnapshot {
  schemas: Stored<FlowSchema>[];
  levels: ReadonlySet<string>;
  now: number;
}

export const flowSchemaController: Controller<FlowSnapshot> = {
  name: "flowschemas",
  async observe(reader, _key, now) {
    const levels = await reader.list<PriorityLevelConfiguration>({ resource: "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io" });
    return {
      schemas: await reader.list<FlowSchema>({ resource: "flowschemas.flowcontrol.apiserver.k8s.io" }),
      // The mandatory ones are in force even where somebody deleted them.
      levels: new Set([...levels, ...mandatoryLevels].map(({ metadata }) => metadata.name)),
      now,
    };
  },
  reconcile: ({ schemas, levels, now }) => ({
    actions: schemas.filter((schema) => !isDeleting(schema)).flatMap((schema): Action[] => {
      const status = { ...schema.status, conditions: withCondition(conditionsOf(schema), danglingOf(schema, levels), now) };
      return isSame(schema.status, status) ? [] : [{ type: "update", object: { ...schema, status }, subresource: "status" }];
    }),
  }),
};

/** Validation sees to it that each has a type. */
const conditionsOf = ({ status }: FlowSchema) => status?.conditions as Condition[] | undefined;

function danglingOf({ spec }: FlowSchema, levels: ReadonlySet<string>): Condition {
  const name = spec?.priorityLevelConfiguration.name ?? "";
  const about = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)}`;
  return levels.has(name)
    ? { type: "Dangling", status: "False", reason: "Found", message: `${about} and it exists` }
    : { type: "Dangling", status: "True", reason: "NotFound", message: `${about} but there is no such object` };
}
