/** The one Planner, put together from its verbs. */
import { statedRules } from "../resources/stated-rules.ts";
import { applyDefaults, beginCreate, finishCreate, planCreate } from "./plan-create.ts";
import { planDelete } from "./plan-delete.ts";
import { beginUpdate, finishUpdate, planUpdate } from "./plan-update.ts";
import type { Planner } from "./registry.ts";
import type { Schemas } from "./schemas.ts";

export function createPlanner(schemas: Schemas): Planner {
  return {
    create: (resource, object, context) => planCreate(schemas, resource, object, context),
    update: (options) => planUpdate(schemas, options),
    beginCreate: (resource, object, context) => beginCreate(schemas, resource, object, context),
    finishCreate: (resource, object, context) => finishCreate(schemas, resource, object, context),
    beginUpdate: (options) => beginUpdate(schemas, options),
    finishUpdate: (options) => finishUpdate(schemas, options),
    applyDefaults: (resource, object) => applyDefaults(schemas, resource, object),
    delete: planDelete,
  };
}

/** Plans by the rules that the published OpenAPI states, and by each kind's own. */
export const planner: Planner = createPlanner(statedRules);
