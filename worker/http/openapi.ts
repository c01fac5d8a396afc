/** OpenAPI: version 3, by which kubectl explains and learns what the server can do, and 2 for older clients (JSON only). */
import { openApiDocument, openApiIndex, swaggerDocument, swaggerHash } from "../openapi/documents.ts";
import { StatusError } from "../../protocol/status.ts";
import type { App } from "./context.ts";
import { pathNotFound } from "./errors.ts";

const prefix = "/openapi/v3/";

export function mountOpenApi(app: App): void {
  app.get("/openapi/v2", async (c) => {
    const etag = `"${swaggerHash()}"`;
    if (!takesJson(c.req.header("accept"))) throw StatusError.notAcceptable(["application/json"]);
    if (c.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
    const { text } = await swaggerDocument();
    return new Response(text, { headers: { "content-type": "application/json", etag, vary: "Accept" } });
  });
  app.get("/openapi/v3", (c) => c.json(openApiIndex()));
  app.get(`${prefix}*`, async (c) => {
    const document = await openApiDocument(c.req.path.slice(prefix.length));
    if (document === undefined) return pathNotFound();
    const etag = `"${document.hash}"`;
    if (c.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
    // The index names the document by its hash: what has the hash never changes.
    const cache = c.req.query("hash") === document.hash ? "public, immutable" : "no-cache, private";
    return new Response(document.text, { headers: { "content-type": "application/json", etag, "cache-control": cache, vary: "Accept" } });
  });
}

/** Clients of the protobuf form ask for nothing else. */
function takesJson(accept: string | undefined): boolean {
  if (accept === undefined || accept === "") return true;
  return accept.split(",").some((clause) => ["application/json", "application/*", "*/*"].includes(clause.split(";")[0]?.trim() ?? ""));
}
