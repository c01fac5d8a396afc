import { describe, expect, it } from "vitest";
import { StatusError } from "../../protocol/status.ts";
import { outcomes } from "../storage/ports.ts";
import { errorResponse } from "./errors.ts";

/** What is left of an error that another object threw. */
const fromElsewhere = ({ message }: Error) => new Error(message);

describe("an error of another object, of which only the message came through", () => {
  it.each([
    ["its own patience ended", StatusError.timeout(`the store ${outcomes.late}`, 0), 504, "Timeout"],
    ["nobody knows whether it wrote", new Error(outcomes.unknown), 504, "Timeout"],
    ["it could not write", new Error(outcomes.notWritten), 503, "ServiceUnavailable"],
    ["nobody foresaw it", new Error("x is not a function"), 500, "InternalError"],
  ])("%s", async (_sentence, error, code, reason) => {
    const response = errorResponse(fromElsewhere(error));
    expect(response.status).toBe(code);
    expect(await response.json()).toMatchObject({ kind: "Status", code, reason });
  });
});
