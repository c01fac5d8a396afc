/** OpenAPI: version 3, by which kubectl explains and learns what the server can do, and 2 for older clients. */
import { openApiDocument, openApiIndex, swaggerDocument, swaggerHash } from "../../openapi/documents.ts";
import { swaggerProtobuf } from "../../openapi/swagger-protobuf.ts";
import { StatusError } from "../../../protocol/status.ts";
import type { App } from "../context.ts";
import { pathNotFound } from "../errors.ts";

const prefix = "/openapi/v3/";
const protobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

export function mountOpenApi(app: App): void {
  app.get("/openapi/v2", async (c) => {
    const etag = `"${swaggerHash()}"`;
    const type = swaggerTypeOf(c.req.header("accept") ?? "");
    if (c.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
    const document = await swaggerDocument();
    const body = type === protobufType ? swaggerProtobuf(document) : JSON.stringify(document);
    return new Response(body, { headers: { "content-type": type, etag, vary: "Accept" } });
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

/** Older clients write the version of the protobuf form with an `@`. */
function swaggerTypeOf(accept: string): string {
  if (accept === "") return "application/json";
  for (const clause of accept.split(",")) {
    const type = clause.split(";")[0]?.trim() ?? "";
    if (type.replace("@", ".") === protobufType) return protobufType;
    if (["application/json", "application/*", "*/*"].includes(type)) return "application/json";
  }
  throw StatusError.notAcceptable(["application/json", protobufType]);
}
