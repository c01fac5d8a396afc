/** Conditions of a status; the time of transition moves only when the condition's status does. */
import { timestampOf } from "./time.ts";

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export function conditionOf<C extends Condition>(conditions: C[] | undefined, type: string): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function withoutCondition<C extends Condition>(conditions: C[] | undefined, type: string): C[] {
  return (conditions ?? []).filter((condition) => condition.type !== type);
}

/** Replaces in place, so that the order that `kubectl describe` shows stays. */
export function withCondition<C extends Condition>(conditions: C[] | undefined, next: C, now: number): C[] {
  const current = conditionOf(conditions, next.type);
  const isSameStatus = current?.status === next.status;
  const lastTransitionTime = isSameStatus ? current.lastTransitionTime : timestampOf(now);
  const dated: C = { ...next, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) };
  if (current === undefined) return [...(conditions ?? []), dated];
  return (conditions ?? []).map((condition) => (condition.type === next.type ? dated : condition));
}
