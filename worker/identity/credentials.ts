/** What controllers have made for others: certificates of the cluster's authority, tokens that Secrets hold. */
import type { CertificateSigningRequest, ServiceAccount } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import type { Credentials, SignedRequest } from "../controllers/controller.ts";
import type { Env } from "../env.ts";
import type { Store } from "../storage/store.ts";
import { serviceAccountTokens } from "./authenticator.ts";
import { authorityCertificate, isOwnSigner, signRequest } from "./certificates/authority.ts";

export function credentialsOf(env: Env, store: Pick<Store, "get" | "getMany" | "write">): Credentials {
  return {
    sign: (request) => sign(store, request),
    accountToken: ({ metadata }: Stored<ServiceAccount>, secretName) =>
      serviceAccountTokens(env).signLegacy(store, { namespace: metadata.namespace ?? "", name: metadata.name, uid: metadata.uid, secretName }),
    rootCertificate: async () => `${(await authorityCertificate(store)).trim()}\n${env.ROOT_CERTIFICATE ?? ""}`,
  };
}

async function sign(store: Pick<Store, "get" | "write">, { spec }: Stored<CertificateSigningRequest>): Promise<SignedRequest> {
  if (!isOwnSigner(spec.signerName)) return undefined;
  const { signerName, usages = [], expirationSeconds } = spec;
  try {
    const signed = await signRequest(store, { request: atob(spec.request), signerName, usages, ...(expirationSeconds === undefined ? {} : { expirationSeconds }) }, Date.now());
    return "why" in signed ? signed : { certificate: btoa(signed.certificate) };
  } catch (error) {
    // What is not even a request will never be signed; what keeps the authority from its key may be over soon.
    if (error instanceof Error && error.message.startsWith("the keys of")) throw error;
    return { why: `unable to parse csr: ${error instanceof Error ? error.message : String(error)}` };
  }
}
