/** Join tokens, from the API. */
import type { JoinTokenRequest, JoinTokenResponse } from "../../protocol/agent.ts";
import type { ApiClient } from "./api-client.ts";

export async function requestJoinToken(client: ApiClient, wanted: JoinTokenRequest): Promise<string> {
  try {
    const { status, body } = await client.call("POST", "/kedge/v1/jointokens", wanted);
    if (!isJoinTokenResponse(body)) throw new Error(`no join token: ${status} ${JSON.stringify(body)}`);
    return body.token;
  } finally {
    client.close();
  }
}

function isJoinTokenResponse(body: unknown): body is JoinTokenResponse {
  return typeof body === "object" && body !== null && "token" in body && typeof body.token === "string";
}
