/** What hono carries for a request, and what a handler is called with. */
import type { Hono } from "hono";
import type { Decision } from "../auth/attributes.ts";
import type { Authorize } from "../auth/authorize.ts";
import type { User } from "../auth/user.ts";
import type { VersionedObjects } from "../conversion/versioned-objects.ts";
import type { Env } from "../env.ts";
import type { RequestContext, Resource } from "../resources/resource.ts";
import type { Settings } from "../settings/settings.ts";
import type { Store } from "../storage/store.ts";
import type { OpenWatch } from "../storage/watch.ts";
import type { Accepted } from "./formats/accept.ts";
import type { RequestInfo, ResourceRequest } from "./request-info.ts";

export interface HttpEnv {
  Bindings: Env;
  Variables: {
    user: User;
    /** Who asks as `user`, where that is somebody else. */
    caller?: User;
    info: RequestInfo;
    /** Of a resource that there is. */
    isServed?: boolean;
    /** What was said of the request where rules were asked. */
    decision?: Decision;
    /** What admission adds to the line in the audit log. */
    annotations?: Record<string, string>;
  };
}

export type App = Hono<HttpEnv>;

/** One request for a resource, with everything that a handler needs; no hono. */
export interface Call {
  request: Request;
  env: Env;
  query: URLSearchParams;
  info: ResourceRequest;
  /** The kind as it is stored; the same as `served` for nearly all. */
  resource: Resource;
  /** The kind that the path names: what is decoded and shown. */
  served: Resource;
  /** How the client wants to see it; of a watch or a stream: of no meaning. */
  accepted: Accepted;
  user: User;
  store: Store;
  openWatch: OpenWatch;
  /** At most a second old, see ../settings. */
  settings(): Promise<Settings>;
  /** What the path asks for is allowed already; this is for what else a request needs. */
  authorize: Authorize;
  context: RequestContext;
  /** Of a custom kind with several versions: planning that needs its objects in others is run through it. */
  versioned?: VersionedObjects;
  /** Work that goes on after the answer began. */
  waitUntil(work: Promise<void>): void;
}

export type Handler = (call: Call) => Promise<Response>;
