/** `kubectl --as`: the admin may ask as somebody else, to see what that one may. Nobody else may. */
import { StatusError } from "../../protocol/status.ts";
import type { User } from "./user.ts";

const nodePrefix = "system:node:";

/** The user that the headers name, or the caller. */
export function impersonated(caller: User, headers: Headers): User {
  const name = headers.get("impersonate-user");
  const groups = (headers.get("impersonate-group") ?? "").split(",").map((group) => group.trim()).filter((group) => group !== "");
  if (name === null && groups.length === 0) return caller;
  if (name === null) throw StatusError.badRequest("requested groups without impersonating a user");
  if (!caller.groups.includes("system:masters")) {
    const why = `User ${JSON.stringify(caller.name)} cannot impersonate resource "users" in API group "" at the cluster scope`;
    throw StatusError.forbidden({ group: "", kind: "users", name }, why);
  }
  const isNode = groups.includes("system:nodes") && name.startsWith(nodePrefix);
  const others = groups.includes("system:authenticated") ? groups : [...groups, "system:authenticated"];
  return { name, groups: others, ...(isNode ? { node: name.slice(nodePrefix.length) } : {}) };
}
