/** Kubernetes' error answer, and the one exception that becomes it. */

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, unknown>;
  status: "Failure" | "Success";
  message?: string;
  reason?: string;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: StatusCause[];
    retryAfterSeconds?: number;
  };
  code?: number;
}

/** What an error is about: `deployments.apps "web"`. */
export interface About {
  group: string;
  /** The plural resource name, or the kind for `invalid`. */
  kind: string;
  name?: string;
}

interface StatusParts {
  code: number;
  reason: string;
  message: string;
  details?: NonNullable<Status["details"]>;
}

const modified = "the object has been modified; please apply your changes to the latest version and try again";

/**
 * The one exception that becomes a `Status` answer. Messages, codes and details are those of apimachinery's
 * `api/errors`, because kubectl and client-go decide by them.
 */
export class StatusError extends Error {
  readonly status: Status;

  constructor({ code, reason, message, details }: StatusParts) {
    super(message);
    this.name = "StatusError";
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code,
    };
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? "";
  }

  static notFound(about: About): StatusError {
    const message = `${nameOf(about)} ${quote(about.name)} not found`;
    return new StatusError({ code: 404, reason: "NotFound", message, details: detailsOf(about) });
  }

  /** A path that nothing serves. */
  static unknownPath(): StatusError {
    const message = "the server could not find the requested resource";
    return new StatusError({ code: 404, reason: "NotFound", message, details: {} });
  }

  static alreadyExists(about: About): StatusError {
    const message = `${nameOf(about)} ${quote(about.name)} already exists`;
    return new StatusError({ code: 409, reason: "AlreadyExists", message, details: detailsOf(about) });
  }

  static generateNameConflict(about: About): StatusError {
    const unlucky = "the server was not able to generate a unique name for the object";
    const message = `${nameOf(about)} ${quote(about.name)} already exists, ${unlucky}`;
    return new StatusError({ code: 409, reason: "AlreadyExists", message, details: detailsOf(about) });
  }

  static conflict(about: About, why: string = modified): StatusError {
    const message = `Operation cannot be fulfilled on ${nameOf(about)} ${quote(about.name)}: ${why}`;
    return new StatusError({ code: 409, reason: "Conflict", message, details: detailsOf(about) });
  }

  /** A precondition on the uid that does not hold. */
  static uidConflict(about: About, asked: string, found: string): StatusError {
    const why = `Precondition failed: UID in precondition: ${asked}, UID in object meta: ${found}`;
    return StatusError.conflict(about, why);
  }

  /** `about.kind` is the kind (`Deployment`), not the resource; `causes` carry the field paths. */
  static invalid(about: About, causes: StatusCause[]): StatusError {
    const errors = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
    const list = errors.length === 1 ? errors[0] : `[${errors.join(", ")}]`;
    const message = `${nameOf(about)} ${quote(about.name)} is invalid${errors.length === 0 ? "" : `: ${list}`}`;
    const details = { ...detailsOf(about), ...(causes.length === 0 ? {} : { causes }) };
    return new StatusError({ code: 422, reason: "Invalid", message, details });
  }

  static badRequest(message: string): StatusError {
    return new StatusError({ code: 400, reason: "BadRequest", message });
  }

  static unauthorized(message: string = "Unauthorized"): StatusError {
    return new StatusError({ code: 401, reason: "Unauthorized", message });
  }

  static forbidden(about: About, why: string, causes: StatusCause[] = []): StatusError {
    const subject = about.name ? `${nameOf(about)} ${quote(about.name)}` : nameOf(about);
    const message = about.kind === "" ? `forbidden: ${why}` : `${subject} is forbidden: ${why}`;
    const details = { ...detailsOf(about), ...(causes.length === 0 ? {} : { causes }) };
    return new StatusError({ code: 403, reason: "Forbidden", message, details });
  }

  /** Creates in a namespace that is going away. */
  static namespaceTerminating(about: About, namespace: string): StatusError {
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    const message = `namespace ${namespace} is being terminated`;
    return StatusError.forbidden(about, why, [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }]);
  }

  static methodNotAllowed(about: About, verb: string): StatusError {
    const message = `${verb} is not supported on resources of kind ${quote(nameOf(about))}`;
    return new StatusError({ code: 405, reason: "MethodNotAllowed", message, details: detailsOf(about) });
  }

  /** A known path, asked with a method that it never serves. */
  static methodUnknown(): StatusError {
    const message = "the server does not allow this method on the requested resource";
    return new StatusError({ code: 405, reason: "MethodNotAllowed", message, details: {} });
  }

  static expired(message: string): StatusError {
    return new StatusError({ code: 410, reason: "Expired", message });
  }

  /** A watch or a list from a revision that was compacted away. */
  static tooOldResourceVersion(asked: number, current: number): StatusError {
    return StatusError.expired(`too old resource version: ${asked} (${current})`);
  }

  static gone(message: string): StatusError {
    return new StatusError({ code: 410, reason: "Gone", message });
  }

  static tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
    return new StatusError({ code: 429, reason: "TooManyRequests", message, details: { retryAfterSeconds } });
  }

  static requestEntityTooLarge(limitBytes: number): StatusError {
    const message = `Request entity too large: limit is ${limitBytes}`;
    return new StatusError({ code: 413, reason: "RequestEntityTooLarge", message });
  }

  static unsupportedMediaType(accepted: string[]): StatusError {
    const known = accepted.join(", ");
    const message = `the body of the request was in an unknown format - accepted media types include: ${known}`;
    return new StatusError({ code: 415, reason: "UnsupportedMediaType", message });
  }

  static notAcceptable(accepted: string[]): StatusError {
    const message = `only the following media types are accepted: ${accepted.join(", ")}`;
    return new StatusError({ code: 406, reason: "NotAcceptable", message });
  }

  static internal(why: string): StatusError {
    const message = `Internal error occurred: ${why}`;
    return new StatusError({ code: 500, reason: "InternalError", message, details: { causes: [{ message: why }] } });
  }

  static timeout(message: string, retryAfterSeconds: number): StatusError {
    const details = { retryAfterSeconds };
    return new StatusError({ code: 504, reason: "Timeout", message: `Timeout: ${message}`, details });
  }

  static serviceUnavailable(message: string): StatusError {
    return new StatusError({ code: 503, reason: "ServiceUnavailable", message });
  }
}

/** What a delete answers for an object that is gone. */
export function success(about: About, uid: string): Status {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details: { ...detailsOf(about), uid } };
}

function nameOf({ group, kind }: About): string {
  return group === "" ? kind : `${kind}.${group}`;
}

function quote(text: string | undefined): string {
  return JSON.stringify(text ?? "");
}

function detailsOf({ group, kind, name }: About): NonNullable<Status["details"]> {
  return {
    ...(name ? { name } : {}),
    ...(group === "" ? {} : { group }),
    ...(kind === "" ? {} : { kind }),
  };
}
