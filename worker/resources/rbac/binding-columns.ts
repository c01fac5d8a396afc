/** The columns of both kinds of bindings. */
import type { RoleBinding } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn, wide } from "../columns.ts";

type Subjects = RoleBinding["subjects"];

export const bindingColumns = [
  nameColumn,
  column<RoleBinding>("Role", "The role that is granted.", ({ roleRef }) => `${roleRef?.kind ?? ""}/${roleRef?.name ?? ""}`),
  ageColumn,
  column<RoleBinding>("Users", "Users that it is granted to.", ({ subjects }) => namesOf(subjects, "User"), wide),
  column<RoleBinding>("Groups", "Groups that it is granted to.", ({ subjects }) => namesOf(subjects, "Group"), wide),
  column<RoleBinding>("ServiceAccounts", "ServiceAccounts that it is granted to.", ({ subjects }) => accountsOf(subjects), wide),
];

function namesOf(subjects: Subjects, kind: string): string {
  return (subjects ?? []).filter((subject) => subject.kind === kind).map(({ name }) => name).join(", ");
}

function accountsOf(subjects: Subjects): string {
  const accounts = (subjects ?? []).filter(({ kind }) => kind === "ServiceAccount");
  return accounts.map(({ namespace = "", name }) => `${namespace}/${name}`).join(", ");
}
