/** The `authorizer` of expressions: who may what, by the rules in the settings. Pure. */
import { parseFieldSelector } from "../../protocol/selectors.ts";
import { parseLabelSelector } from "../resources/parse-label-selector.ts";
import { onResource, type Attributes } from "../auth/attributes.ts";
import { authorizeBySettings } from "../auth/authorize.ts";
import { serviceAccountGroups, serviceAccountUsername } from "../auth/service-account-names.ts";
import { authenticatedGroup, namedUser, type User } from "../auth/user.ts";
import type { AccessCheck, Authorizer } from "../cel/cel.ts";
import type { Settings } from "../settings/settings.ts";

export function authorizerFor(user: User, settings: Settings): Authorizer {
  return {
    check: (asked) => authorizeBySettings(settings, namedUser(user), attributesOf(asked)),
    ofServiceAccount: (namespace, name) =>
      authorizerFor({ name: serviceAccountUsername(namespace, name), groups: [...serviceAccountGroups(namespace), authenticatedGroup] }, settings),
  };
}

/** A selector that does not parse limits nothing, as upstream. */
function attributesOf(asked: AccessCheck): Attributes {
  if ("path" in asked) return { isResource: false, ...asked };
  const { fieldSelector, labelSelector, ...attributes } = asked;
  const fields = fieldSelector === undefined ? undefined : parseFieldSelector(fieldSelector);
  const labels = labelSelector === undefined ? undefined : parseLabelSelector(labelSelector);
  return onResource({
    ...attributes,
    ...(fields?.ok === true ? { fields: fields.requirements } : {}),
    ...(labels?.ok === true ? { labels: labels.requirements } : {}),
  });
}

const askers = new WeakMap<object, boolean>();

/** Whether an expression in there asks it: then the rules must be those of now. `configuration` never changes. */
export function asksAuthorizer(configuration: object): boolean {
  const known = askers.get(configuration);
  if (known !== undefined) return known;
  const asks = /\bauthorizer\b/.test(JSON.stringify(configuration));
  askers.set(configuration, asks);
  return asks;
}
