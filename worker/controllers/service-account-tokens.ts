/**
 * Secrets of type kubernetes.io/service-account-token: filled with a token of the account that they name, and gone with it.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#token-controller
 */
import type { Secret, ServiceAccount } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import type { Action, Controller, Reconciliation } from "./controller.ts";

export interface AccountSnapshot {
  account: Stored<ServiceAccount> | undefined;
  secrets: Stored<Secret>[];
  /** By Secret's name: made for those that have none. */
  tokens: ReadonlyMap<string, string>;
  certificate: string;
}

const uidAnnotation = "kubernetes.io/service-account.uid";

export const serviceAccountTokenController: Controller<AccountSnapshot> = {
  name: "serviceaccounts",
  async observe(reader, key) {
    const [, namespace = "", name = ""] = key.split("/");
    const account = await reader.get<ServiceAccount>(key);
    const secrets = await reader.list<Secret>({ resource: "secrets", namespace, term: `account:${namespace}/${name}` });
    const tokens = new Map<string, string>();
    for (const secret of account === undefined ? [] : secrets) {
      if (!secret.data?.["token"]) tokens.set(secret.metadata.name, await reader.credentials.accountToken(account!, secret.metadata.name)); // defined: see the loop
    }
    return { account, secrets, tokens, certificate: await reader.credentials.rootCertificate() };
  },
  reconcile({ account, secrets, tokens, certificate }): Reconciliation {
    return { actions: secrets.flatMap((secret): Action[] => actionsFor(secret, account, { token: tokens.get(secret.metadata.name), certificate })) };
  },
};

function actionsFor(secret: Stored<Secret>, account: Stored<ServiceAccount> | undefined, made: { token: string | undefined; certificate: string }): Action[] {
  const named = secret.metadata.annotations?.[uidAnnotation];
  if (secret.metadata.deletionTimestamp !== undefined) return [];
  if (account === undefined || (named !== undefined && named !== account.metadata.uid)) return [{ type: "delete", object: secret }];
  const data = {
    ...secret.data,
    ...(made.token === undefined ? {} : { token: btoa(made.token) }),
    ...(made.certificate === "" ? {} : { "ca.crt": btoa(made.certificate) }),
    namespace: btoa(account.metadata.namespace ?? ""),
  };
  const isSame = named !== undefined && Object.entries(data).every(([key, value]) => secret.data?.[key] === value);
  if (isSame) return [];
  const annotations = { ...secret.metadata.annotations, [uidAnnotation]: account.metadata.uid };
  return [{ type: "update", object: { ...secret, metadata: { ...secret.metadata, annotations }, data } }];
}
