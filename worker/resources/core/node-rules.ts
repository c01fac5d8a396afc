/** Rules of Nodes. */
import type { Node, Taint } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { duplicatesAt, forbidden, invalidFor, notSupported, required } from "../rules/field-errors.ts";
import { labelValueErrors, qualifiedNameErrors } from "../rules/names.ts";
import type { FieldError } from "../resource.ts";
import { taintEffects } from "../rules/scheduling-rules.ts";

export function nodeErrors({ spec }: Node): FieldError[] {
  const taints = spec?.taints ?? [];
  return [
    ...taints.flatMap((taint, at) => taintErrors(`spec.taints[${at}]`, taint)),
    ...duplicatesAt(taints, ({ key, effect }) => `${key}:${effect}`, (at) => `spec.taints[${at}]`),
  ];
}

function taintErrors(path: string, { key, value = "", effect }: Taint): FieldError[] {
  const errors = [...invalidFor(`${path}.key`, key, qualifiedNameErrors(key)), ...invalidFor(`${path}.value`, value, labelValueErrors(value))];
  if (effect === "") return [...errors, required(`${path}.effect`)];
  return taintEffects.includes(effect) ? errors : [...errors, notSupported(`${path}.effect`, effect, taintEffects)];
}

export function nodeUpdateErrors({ spec }: Node, previous: Stored<Node>): FieldError[] {
  const before = previous.spec;
  const errors: FieldError[] = [];
  if (before?.podCIDR && spec?.podCIDR !== before.podCIDR) {
    errors.push(forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid'));
  }
  if (before?.providerID && spec?.providerID !== before.providerID) {
    errors.push(forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid'));
  }
  return errors;
}
