/** OpenAPI v3, by which kubectl validates and explains. Version 2 is not served: clients of 1.35 do without it. */
import { openApiDocument, openApiIndex } from "../openapi/documents.ts";
import type { App } from "./context.ts";
import { pathNotFound } from "./errors.ts";

const prefix = "/openapi/v3/";

export function mountOpenApi(app: App): void {
  app.get("/openapi/v3", (c) => c.json(openApiIndex()));
  app.get(`${prefix}*`, (c) => {
    const document = openApiDocument(c.req.path.slice(prefix.length));
    if (document === undefined) return pathNotFound();
    const etag = `"${document.hash}"`;
    if (c.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
    // The index names the document by its hash: what has the hash never changes.
    const cache = c.req.query("hash") === document.hash ? "public, immutable" : "no-cache, private";
    return new Response(document.text, { headers: { "content-type": "application/json", etag, "cache-control": cache, vary: "Accept" } });
  });
}
