/** Dispatch: from the path's words to the handler of the verb. */
import type { Context } from "hono";
import { StatusError } from "../../protocol/status.ts";
import { storeOf, storeWithin } from "../objects/ports.ts";
import { requestContext } from "../registry/context.ts";
import { loadCel } from "../cel/load.ts";
import { isBuiltInGroup } from "../resources/groups.ts";
import * as kinds from "../resources/custom/kinds.ts";
import * as builtIn from "../resources/registry.ts";
import type { Env } from "../env.ts";
import { resourceKey, type Resource } from "../resources/resource.ts";
import { authorizerOf } from "./authorizer.ts";
import { ensureClusterObjects } from "./bootstrap.ts";
import { mendDefaultPolicy } from "./bootstrap-policy.ts";
import type { App, Handler, HttpEnv } from "./context.ts";
import { componentStatuses } from "./component-statuses.ts";
import { isVersioned } from "../conversion/webhook-converter.ts";
import { seenIn, type Seen } from "./conversion.ts";
import { create } from "./create.ts";
import { deadlineMs, withDeadline } from "./deadline.ts";
import { remove, removeCollection } from "./delete.ts";
import { pathNotFound } from "./errors.ts";
import { evict } from "./eviction.ts";
import { fieldManagerOf } from "./field-manager.ts";
import { acceptOf, plainJson } from "./formats/accept.ts";
import { list } from "./list/list.ts";
import { patch } from "./patch.ts";
import { bind, bindNamed } from "./pod-subresources.ts";
import { queryOf } from "./query.ts";
import { get } from "./read.ts";
import { withWarnings } from "./respond.ts";
import { isConnect, type ResourceRequest, type ServedVerb } from "./request-info.ts";
import { reviewAccess, reviewOwnAccess, reviewOwnRules, reviewSelf } from "./reviews.ts";
import { scaleHandlers } from "./scale.ts";
import { attach, exec, log, portForward } from "./streams.ts";
import { settingsCache } from "../settings/settings-cache.ts";
import { subresourcesOf } from "./subresources.ts";
import { createToken } from "./token-request.ts";
import { reviewToken } from "./token-review.ts";
import { update } from "./update.ts";
import { watch } from "./watch/watch.ts";
import { openWatchOf } from "./watch/watch-feed.ts";

const verbs = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
} satisfies Record<ServedVerb, Handler>;

const subresources: Record<string, Partial<Record<string, Handler>>> = {
  status: { get, update, patch },
  approval: { get, update, patch },
  ephemeralcontainers: { get, update, patch },
  resize: { get, update, patch },
  finalize: { update },
  scale: scaleHandlers,
  binding: { create: bind },
  eviction: { create: evict },
  token: { create: createToken },
  log: { get: log },
  exec: { get: exec, create: exec },
  attach: { get: attach, create: attach },
  portforward: { get: portForward, create: portForward },
};

export function mountResources(app: App): void {
  app.all("*", async (c) => {
    const info = c.get("info");
    const resource = info.isResource ? await resourceOf(info, c.env) : undefined;
    if (!info.isResource || resource === undefined) return pathNotFound();
    c.set("isServed", true);
    const handler = handlerOf(resource, info);
    if (handler === undefined) return pathNotFound();
    const bounded = storeOf(c.env);
    await ensureClusterObjects(c.env, bounded);
    if (resource.usesCel === true) await loadCel();
    const user = c.get("user");
    const query = queryOf(c.req.url);
    // Reads of an idle cluster must not make the store load.
    const isRead = readVerbs.has(info.verb);
    const settings = isRead ? settingsCache.latest() : await settingsCache.current(bounded);
    const mending = isRead ? undefined : mendDefaultPolicy(c.env, bounded, settings);
    if (mending !== undefined) c.executionCtx.waitUntil(mending);
    const settingsNow = () => settingsCache.current(bounded);
    // What has a deadline needs none for each of its questions: a timer costs some hundredths of a GET.
    const plain = { store: isLong(info) ? bounded : storeWithin(c.env), openWatch: openWatchOf(c.env) };
    const { store, openWatch, versioned }: Seen = isVersioned(resource) ? seenIn(resource, { ...plain, env: c.env, settings: settingsNow }) : plain;
    const work = handler({
      request: c.req.raw,
      env: c.env,
      query,
      info,
      resource: resource.conversion?.stored ?? resource,
      served: resource,
      // Before anything is written: who cannot read the answer is refused.
      accepted: isLong(info) ? plainJson : acceptOf(c.req.raw, resource),
      user,
      store,
      openWatch,
      settings: settingsNow,
      authorize: (asker, attributes) => authorizerOf(c.env)(asker, attributes),
      context: { ...requestContext(c.env, user, settings, fieldManagerOf(query, c.req.raw)), ...(isAudited(c.env) ? { annotate: annotating(c) } : {}), ...(versioned === undefined ? {} : { inVersion: versioned.inVersion }) },
      ...(versioned === undefined ? {} : { versioned }),
      waitUntil: (later) => c.executionCtx.waitUntil(later),
    });
    const response = await (isLong(info) ? work : withDeadline(work, deadlineMs(query.get("timeout"))));
    return resource.deprecation === undefined ? response : withWarnings(response, [resource.deprecation]);
  });
}

const isAudited = ({ AUDIT_POLICY = "" }: Env): boolean => AUDIT_POLICY !== "";

function annotating(c: Context<HttpEnv>): (key: string, value: string) => void {
  return (key, value) => c.set("annotations", { ...c.get("annotations"), [key]: value });
}

const readVerbs = new Set(["get", "list", "watch"]);

/** What lasts as long as somebody listens. */
function isLong(info: ResourceRequest): boolean {
  return info.verb === "watch" || info.subresource === "log" || isConnect(info);
}

/** The kind, if the path has the form that the kind's scope asks for. */
async function resourceOf({ group, version, resource, namespace, name }: ResourceRequest, env: Env): Promise<Resource | undefined> {
  const found = builtIn.resourceFor(group, version, resource) ?? (isBuiltInGroup(group) ? undefined : await customOf({ group, version, resource }, env));
  if (found === undefined) return undefined;
  if (namespace !== "") return found.isNamespaced ? found : undefined;
  return found.isNamespaced && name !== "" ? undefined : found;
}

/** Of a definition that may have been made a moment ago, elsewhere. */
async function customOf({ group, version, resource }: Pick<ResourceRequest, "group" | "version" | "resource">, env: Env): Promise<Resource | undefined> {
  const store = storeOf(env);
  const known = kinds.resourceFor(await settingsCache.current(store), group, version, resource);
  return known ?? kinds.resourceFor(await settingsCache.verified(store), group, version, resource);
}

/** Undefined: there is no such path. A verb that the path does not serve is refused. */
function handlerOf(resource: Resource, { verb, subresource, namespace, name }: ResourceRequest): Handler | undefined {
  if (subresource !== "") {
    const isServed = subresourcesOf(resource).some((one) => one.name === subresource);
    const handlers = subresources[subresource];
    if (!isServed || handlers === undefined || name === "") return undefined;
    return handlers[verb] ?? refuse;
  }
  const isMisplaced =
    verb === "create" ? (resource.isNamespaced && namespace === "") || (resource.isStored === false && name !== "") : (verb === "update" || verb === "patch") && name === "";
  if (verb === "other" || !resource.verbs.includes(verb) || isMisplaced) return refuse;
  return resource.isStored === false ? answers[resourceKey(resource)] : verbs[verb];
}

/** Kinds that are not kept: what is asked is answered, and that is all. */
const answers: Record<string, Handler> = {
  bindings: bindNamed,
  componentstatuses: componentStatuses,
  "selfsubjectreviews.authentication.k8s.io": reviewSelf,
  "tokenreviews.authentication.k8s.io": reviewToken,
  "localsubjectaccessreviews.authorization.k8s.io": reviewAccess,
  "selfsubjectaccessreviews.authorization.k8s.io": reviewOwnAccess,
  "selfsubjectrulesreviews.authorization.k8s.io": reviewOwnRules,
  "subjectaccessreviews.authorization.k8s.io": reviewAccess,
};

const refuse: Handler = () => Promise.reject(StatusError.methodUnknown());
