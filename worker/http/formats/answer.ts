/** The last step of every answer: the value in the client's encoding, indented or compressed if that is wanted. */
import { stringify as yamlOf } from "yaml";
import { encodeProtobuf } from "../protobuf/encode.ts";
import { mediaTypes, type Encoding } from "./accept.ts";

/** As upstream: what is smaller is not worth the work. */
const compressedBytes = 128 * 1024;

export function encoded(value: object, encoding: Encoding): string | Uint8Array {
  switch (encoding) {
    case "json":
      return `${JSON.stringify(value)}\n`;
    case "yaml":
      return yamlOf(value, { aliasDuplicateObjects: false });
    case "protobuf":
      return encodeProtobuf(value);
  }
}

export type Content = string | Uint8Array | ReadableStream<Uint8Array>;

/** `content` is in that encoding already; a stream is long. */
export function answer(request: Request, content: Content, { encoding, code = 200 }: { encoding: Encoding; code?: number }): Response {
  const isText = typeof content === "string";
  const body = isText && encoding === "json" && wantsIndented(request) ? indented(content) : content;
  const response = new Response(body, { status: code, headers: { "content-type": mediaTypes[encoding], "cache-control": "no-cache, private" } });
  const isLong = body instanceof ReadableStream || body.length > compressedBytes;
  if (isLong && acceptsGzip(request)) {
    // The runtime compresses what says that it is, so that nothing is compressed twice on its way to the client.
    response.headers.set("content-encoding", "gzip");
    response.headers.append("vary", "Accept-Encoding");
  }
  return response;
}

export function acceptsGzip(request: Request): boolean {
  return (request.headers.get("accept-encoding") ?? "").split(",").some((token) => token.trim() === "gzip");
}

/** As upstream: asked for, or a person looks at it. */
function wantsIndented({ url, headers }: Request): boolean {
  const asked = /[?&]pretty(?:=([^&]*))?(?:&|$)/.exec(url);
  if (asked !== null) return asked[1] !== "0" && asked[1]?.toLowerCase() !== "false";
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(headers.get("user-agent") ?? "");
}

function indented(text: string): string {
  return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
}
