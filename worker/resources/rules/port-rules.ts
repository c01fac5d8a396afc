/** Rules of ports, as numbers and as names. */
import { invalidFor } from "./field-errors.ts";
import { portNameErrors, portNumberErrors } from "./names.ts";
import type { FieldError } from "../resource.ts";

export const protocols = ["SCTP", "TCP", "UDP"];

export function portErrors(path: string, port: string | number | undefined): FieldError[] {
  const value = port ?? 0;
  return invalidFor(path, value, typeof value === "number" ? portNumberErrors(value) : portNameErrors(value));
}
