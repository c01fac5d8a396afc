/** Priority levels as numbers of seats: how many requests of a level one isolate works on side by side. */
import type { PriorityLevelConfiguration } from "../../protocol/kubernetes/generated/types.ts";
import { mandatoryLevels } from "./suggested.ts";

export interface Level {
  name: string;
  /** `""`: not stored. */
  uid: string;
  /** Never waits and is never counted. */
  isExempt: boolean;
  /** Its own seats that nobody else may borrow. */
  minimum: number;
  /** With what it may borrow. */
  maximum: number;
  /** Absent: what finds no seat is refused at once. */
  queuing?: { queues: number; handSize: number; lengthLimit: number };
}

/** Enough to keep the store's groups of writes full; more would only wait there, behind each other. */
export const seatsPerIsolate = 200;

const shareOf = ({ spec }: PriorityLevelConfiguration): number =>
  spec?.type === "Exempt" ? (spec.exempt?.nominalConcurrencyShares ?? 0) : (spec?.limited?.nominalConcurrencyShares ?? 30);

/** By name. The seats are divided by the levels' shares, each rounded up, as upstream. */
export function levelsOf(stored: readonly PriorityLevelConfiguration[], seats = seatsPerIsolate): Map<string, Level> {
  const configurations = [...stored, ...mandatoryLevels.filter(({ metadata }) => !stored.some((one) => one.metadata?.name === metadata.name))];
  const shares = configurations.reduce((sum, configuration) => sum + shareOf(configuration), 0);
  return new Map(configurations.map((configuration) => {
    const nominal = shares === 0 ? 0 : Math.ceil((seats * shareOf(configuration)) / shares);
    const level = levelOf(configuration, nominal, seats);
    return [level.name, level];
  }));
}

function levelOf({ metadata, spec }: PriorityLevelConfiguration, nominal: number, seats: number): Level {
  const { lendablePercent = 0, borrowingLimitPercent, limitResponse } = spec?.limited ?? {};
  const borrowed = borrowingLimitPercent === undefined ? seats : Math.round((nominal * borrowingLimitPercent) / 100);
  const { queues = 64, handSize = 8, queueLengthLimit = 50 } = limitResponse?.queuing ?? {};
  return {
    name: metadata?.name ?? "",
    uid: metadata?.uid ?? "",
    isExempt: spec?.type === "Exempt",
    minimum: nominal - Math.round((nominal * lendablePercent) / 100),
    maximum: nominal + borrowed,
    ...(limitResponse?.type === "Queue" ? { queuing: { queues, handSize, lengthLimit: queueLengthLimit } } : {}),
  };
}
