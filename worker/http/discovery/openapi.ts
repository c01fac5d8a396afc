/** OpenAPI: version 3, by which kubectl explains and learns what the server can do, and 2 for older clients. */
import { OpenApiDocuments } from "../../openapi/documents.ts";
import { swaggerProtobuf } from "../../openapi/swagger-protobuf.ts";
import { StatusError } from "../../../protocol/status.ts";
import type { App } from "../context.ts";
import { pathNotFound } from "../errors.ts";
import { answer } from "../formats/answer.ts";
import { isKnown } from "./discovery.ts";
import { ofKinds, servedResources } from "./served-resources.ts";

const prefix = "/openapi/v3/";
const protobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

const documentsOf = ofKinds((kinds) => new OpenApiDocuments(kinds));

export function mountOpenApi(app: App): void {
  app.get("/openapi/v2", async (c) => {
    const documents = documentsOf(await servedResources(c.env));
    const type = swaggerTypeOf(c.req.header("accept") ?? "");
    // Each form has a tag of its own.
    const etag = `"${documents.swaggerHash}${type === protobufType ? "-protobuf" : ""}"`;
    if (isKnown(c, etag)) return new Response(null, { status: 304, headers: { etag, vary: "Accept" } });
    const document = await documents.swagger();
    const body = type === protobufType ? swaggerProtobuf(document) : JSON.stringify(document);
    return described(c.req.raw, body, { "content-type": type, etag });
  });
  app.get("/openapi/v3", async (c) => c.json(documentsOf(await servedResources(c.env)).index()));
  app.get(`${prefix}*`, async (c) => {
    const document = await documentsOf(await servedResources(c.env)).document(c.req.path.slice(prefix.length));
    if (document === undefined) return pathNotFound();
    const { text, hash } = document;
    const asked = c.req.query("hash");
    // A client that knows an older document is sent to the present one, as upstream.
    if (asked !== undefined && asked !== hash) return c.redirect(`${c.req.path}?hash=${hash}`, 301);
    const etag = `"${hash}"`;
    if (isKnown(c, etag)) return new Response(null, { status: 304, headers: { etag, vary: "Accept" } });
    // The index names the document by its hash: what has the hash never changes.
    const cache = asked === hash ? "public, immutable" : "no-cache, private";
    return described(c.req.raw, text, { "content-type": "application/json", etag, "cache-control": cache });
  });
}

function described(request: Request, body: string | Uint8Array, headers: Record<string, string>): Response {
  const response = answer(request, body, { encoding: "json" });
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  response.headers.append("vary", "Accept");
  return response;
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
