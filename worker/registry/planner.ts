/** The one Planner, put together from its three verbs. */
import { statedRules } from "../resources/stated-rules.ts";
import { planCreate } from "./plan-create.ts";
import { planDelete } from "./plan-delete.ts";
import { planUpdate } from "./plan-update.ts";
import type { Planner } from "./registry.ts";
import type { Schemas } from "./schemas.ts";

export function createPlanner(schemas: Schemas): Planner {
  return {
    create: (resource, object, context) => planCreate(schemas, resource, object, context),
    update: (options) => planUpdate(schemas, options),
    delete: planDelete,
  };
}

/** Plans by the rules that the published OpenAPI states, and by each kind's own. */
export const planner: Planner = createPlanner(statedRules);
