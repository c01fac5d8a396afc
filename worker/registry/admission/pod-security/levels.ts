/**
 * Pod Security Standards: what a namespace's labels ask of its pods.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
import type { Pod, PodSpec } from "../../../../protocol/kubernetes/generated/types.ts";
import type { FieldError } from "../../../resources/resource.ts";
import { baseline } from "./baseline.ts";
import { restricted } from "./restricted.ts";
import type { Violation } from "./phrases.ts";

export type Mode = "enforce" | "audit" | "warn";
type Level = "privileged" | "baseline" | "restricted";

export interface Policy {
  level: Level;
  /** `latest`, `v1.35`. */
  version: string;
}

const levels: readonly string[] = ["privileged", "baseline", "restricted"] satisfies Level[];
const newestMinor = 35;
const prefix = "pod-security.kubernetes.io/";
const versionPattern = /^(?:latest|v1\.(0|[1-9]\d{0,4}))$/;

type Labels = Record<string, string>;

/** A level that nobody knows counts as the strictest, as upstream. */
export function policyOf(labels: Labels | undefined, mode: Mode): Policy {
  const level = labels?.[prefix + mode];
  const version = labels?.[`${prefix}${mode}-version`] ?? "latest";
  if (level === undefined) return { level: "privileged", version: "latest" };
  return { level: isLevel(level) ? level : "restricted", version: versionPattern.test(version) ? version : "latest" };
}

const isLevel = (text: string): text is Level => levels.includes(text);
export const textOf = ({ level, version }: Policy): string => `${level}:${version}`;

/** Absent labels ask for nothing: then nothing has to be checked. */
export const asksForNothing = ({ level }: Policy): boolean => level === "privileged";

export function violationsOf(pod: Pod & { spec: PodSpec }, { level, version }: Policy): Violation[] {
  if (level === "privileged") return [];
  const minor = Math.min(newestMinor, Number(versionPattern.exec(version)?.[1] ?? newestMinor));
  const isAt = ({ since = 0 }: { since?: number }) => since <= minor;
  const more = level === "restricted" ? restricted.filter(isAt) : [];
  const overridden = new Set(more.flatMap(({ overrides = [] }) => overrides));
  const checks = [...baseline.filter((check) => isAt(check) && !overridden.has(check.id)), ...more];
  return checks.flatMap((check) => check.find(pod, minor) ?? []);
}

export function sentenceOf(violations: Violation[]): string {
  return violations.map(({ reason, detail }) => (detail === "" ? reason : `${reason} (${detail})`)).join(", ");
}

export function labelErrors(labels: Labels | undefined): FieldError[] {
  const invalid = (label: string, value: string, why: string): FieldError => ({
    reason: "FieldValueInvalid", path: `metadata.labels[${label}]`, message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
  });
  return (["enforce", "audit", "warn"] satisfies Mode[]).flatMap((mode) => {
    const [level, version] = [labels?.[prefix + mode], labels?.[`${prefix}${mode}-version`]];
    return [
      ...(level === undefined || isLevel(level) ? [] : [invalid(prefix + mode, level, "must be one of privileged, baseline, restricted")]),
      ...(version === undefined || versionPattern.test(version) ? [] : [invalid(`${prefix}${mode}-version`, version, 'must be "latest" or "v1.x"')]),
    ];
  });
}
