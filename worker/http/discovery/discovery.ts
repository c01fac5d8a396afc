/** Which groups, versions and resources there are, plain and aggregated: it all follows from the kinds that are served. */
import type { Context } from "hono";
import { StatusError } from "../../../protocol/status.ts";
import type { App, HttpEnv } from "../context.ts";
import { pathNotFound } from "../errors.ts";
import { encodingOf, mediaTypes, wantsAggregated } from "../formats/accept.ts";
import { answer, encoded } from "../formats/answer.ts";
import { coreDiscovery, groupDiscovery, type Tagged } from "./aggregated.ts";
import { apiGroup, coreVersions, groupList, resourceList, rootPaths } from "./plain.ts";
import { ofKinds, servedResources } from "./served-resources.ts";

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const aggregatedCore = ofKinds(coreDiscovery);
const aggregatedGroups = ofKinds(groupDiscovery);

type Request = Context<HttpEnv>;

export function mountDiscovery(app: App): void {
  const get = (path: string, handler: (c: Request) => Promise<Response>) => {
    app.get(path, handler);
    if (path !== "/") app.get(`${path}/`, handler);
  };
  get("/", async (c) => plain(c, { paths: rootPaths(await servedResources(c.env)) }));
  get("/api", async (c) => {
    const kinds = await servedResources(c.env);
    return wantsAggregated(c.req.raw) ? aggregated(c, aggregatedCore(kinds)) : plain(c, coreVersions(kinds, new URL(c.req.url).host));
  });
  get("/apis", async (c) => {
    const kinds = await servedResources(c.env);
    return wantsAggregated(c.req.raw) ? aggregated(c, aggregatedGroups(kinds)) : plain(c, groupList(kinds));
  });
  get("/api/:version", async (c) => plain(c, await resourceList(await servedResources(c.env), { group: "", version: c.req.param("version") ?? "" })));
  get("/apis/:group", async (c) => plain(c, apiGroup(await servedResources(c.env), c.req.param("group") ?? "")));
  get("/apis/:group/:version", async (c) => {
    const { group = "", version = "" } = c.req.param();
    return plain(c, await resourceList(await servedResources(c.env), { group, version }));
  });
}

/** Undefined: there is no such group or version. */
function plain(c: Request, value: object | undefined): Response {
  if (value === undefined) return pathNotFound();
  const encoding = "kind" in value ? encodingOf(c.req.raw) : "json";
  if (encoding === undefined) throw StatusError.notAcceptable(Object.values(mediaTypes));
  const response = answer(c.req.raw, encoded(value, encoding), { encoding });
  response.headers.append("vary", "Accept");
  return response;
}

function aggregated(c: Request, { text, etag }: Tagged): Response {
  const headers = { etag, vary: "Accept", "cache-control": "public" };
  if (isKnown(c, etag)) return new Response(null, { status: 304, headers });
  const response = answer(c.req.raw, text, { encoding: "json" });
  for (const [name, value] of Object.entries({ ...headers, "content-type": aggregatedType })) response.headers.set(name, value);
  return response;
}

/** The client has it already. */
export function isKnown(c: Request, etag: string): boolean {
  const known = (c.req.header("if-none-match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return known.includes(etag) || known.includes("*");
}
