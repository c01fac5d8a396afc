/** A pod's service account token, asked of the API as the node that the pod is bound to. */
import type { AuthenticationTokenRequest as TokenRequest } from "../../protocol/kubernetes/generated/types.ts";
import { RefusedToken, type PodTokenPorts } from "../pods/volumes/pod-tokens.ts";
import { ApiError, type Api } from "./api.ts";

const timeoutMs = 5_000;

export function tokenRequest(api: Pick<Api, "post">): PodTokenPorts["request"] {
  return async (pod, { audiences, expirationSeconds }) => {
    const { namespace = "default", name, uid } = pod.metadata;
    const account = pod.spec?.serviceAccountName || "default";
    const boundObjectRef = { apiVersion: "v1", kind: "Pod", name, uid };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    try {
      const answer = await api.post<TokenRequest>(path, { spec: { audiences, expirationSeconds, boundObjectRef } }, { timeoutMs });
      const { token, expirationTimestamp } = answer.status ?? {};
      if (token === undefined || expirationTimestamp === undefined) throw new RefusedToken("the answer holds no token");
      return { token, expiresAtMs: Date.parse(expirationTimestamp) };
    } catch (error) {
      if (error instanceof ApiError) throw new RefusedToken(error.message);
      throw error;
    }
  };
}
