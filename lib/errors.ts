/**
 * The closed set of things that can go wrong, and what the caller should do about each.
 * One table feeds the type of codes, HTTP bodies, exit codes and `docs/errors.md`.
 */

/** Exit codes of the executable by symbolic name (design decision 15). */
export const EXIT = {
  /** Everything asked for was done or found healthy. */
  PASS: 0,
  /** Findings at or above `--fail-on`, or a definite refusal by a service. */
  FINDINGS: 1,
  /** The command line itself is wrong. */
  USAGE: 2,
  /** Could not determine: network, 5xx, 429, timeout. */
  UNDETERMINED: 3,
  /** Sign-in or authorisation needed. */
  AUTH: 4,
  /** Refused for safety. */
  SAFETY: 5,
  /** Local state: lock held, not running, corrupt. */
  LOCAL_STATE: 6,
  /** A bug in relayfile. */
  BUG: 70,
  /** Interrupted by SIGINT. */
  INTERRUPTED: 130,
  /** Terminated by SIGTERM. */
  TERMINATED: 143,
} as const;

/** Symbolic name of an exit code, as printed in JSON documents. */
export type ExitName = keyof typeof EXIT;

/** What a caller should do next, without reading the message. */
export type NextStep =
  | "retry"
  | "retry-after"
  | "re-read"
  | "fix-input"
  | "sign-in"
  | "confirm"
  | "operator"
  | "report";

interface ErrorSpec {
  /** HTTP status when a service answers with this code; null when it never crosses the wire. */
  readonly status: number | null;
  readonly exit: ExitName;
  readonly next: NextStep;
  /** Starts with a verb and, where possible, is a command to paste. */
  readonly hint: string;
}

const table = <T extends Record<string, ErrorSpec>>(specs: T): { readonly [K in keyof T]: ErrorSpec } =>
  specs;

/** Every error code. Service codes are those of the file API and control plane contracts. */
export const ERRORS = table({
  // --- answers of the two services ---------------------------------------------------------------
  /** The request is malformed: JSON, encoding, missing parameter or correlation id. */
  bad_request: {
    status: 400,
    exit: "USAGE",
    next: "fix-input",
    hint: "Fix the request; the message names the field",
  },
  /** No token, or one that does not verify. */
  unauthorized: { status: 401, exit: "AUTH", next: "sign-in", hint: "relayfile workspace join WORKSPACE" },
  /** The token verifies but does not reach this workspace, route or path. */
  forbidden: { status: 403, exit: "AUTH", next: "sign-in", hint: "relayfile doctor --only 'doctor.*token*'" },
  /** Unknown route, file, op, workspace or dead letter. */
  not_found: { status: 404, exit: "FINDINGS", next: "fix-input", hint: "relayfile tree WORKSPACE /" },
  /** The workspace does not exist, or the caller may not know that it does. */
  workspace_not_found: { status: 404, exit: "FINDINGS", next: "fix-input", hint: "relayfile workspace list" },
  /** The event cursor is older than the oldest kept event. */
  cursor_expired: {
    status: 404,
    exit: "FINDINGS",
    next: "re-read",
    hint: "Pull the tree again and start from the newest event",
  },
  /** If-Match names a revision that is no longer current. */
  revision_conflict: {
    status: 409,
    exit: "FINDINGS",
    next: "re-read",
    hint: "Read the file again and repeat the edit on its current revision",
  },
  /** The target is in a state that does not allow this transition. */
  invalid_state: { status: 409, exit: "FINDINGS", next: "re-read", hint: "relayfile ops show OP" },
  /** Merging would need a decision by a person. */
  merge_conflict: {
    status: 409,
    exit: "FINDINGS",
    next: "re-read",
    hint: "Resolve the conflicting lines and write the result",
  },
  /** The server no longer holds the base of a merge. */
  merge_base_unavailable: {
    status: 409,
    exit: "FINDINGS",
    next: "re-read",
    hint: "Read the file again and repeat the edit",
  },
  /** A write without If-Match. */
  precondition_failed: {
    status: 412,
    exit: "FINDINGS",
    next: "fix-input",
    hint: "Send If-Match: the revision you read, or 0 to create",
  },
  /** The body is larger than the limit. */
  payload_too_large: {
    status: 413,
    exit: "FINDINGS",
    next: "fix-input",
    hint: "Split the content; the message names the limit",
  },
  /** This file cannot be merged by lines. */
  merge_ineligible: {
    status: 422,
    exit: "FINDINGS",
    next: "fix-input",
    hint: "Use strategy three-way-lines-v1 on text of at most 512 KiB",
  },
  /** The body does not satisfy the resource's schema. */
  schema_validation_failed: {
    status: 422,
    exit: "FINDINGS",
    next: "fix-input",
    hint: "Compare the body with the resource's .schema.json under /discovery",
  },
  /** Too many requests in the window. */
  rate_limited: {
    status: 429,
    exit: "UNDETERMINED",
    next: "retry-after",
    hint: "Wait for Retry-After, then repeat",
  },
  /** The ingest queue is full. */
  queue_full: {
    status: 429,
    exit: "UNDETERMINED",
    next: "retry-after",
    hint: "Wait for Retry-After, then repeat",
  },
  /** Too many deletes in the window. */
  delete_storm_rejected: {
    status: 429,
    exit: "SAFETY",
    next: "operator",
    hint: "Check what deletes files; then wait for Retry-After",
  },
  /** A defect of the service. */
  internal_error: {
    status: 500,
    exit: "UNDETERMINED",
    next: "retry",
    hint: "Repeat; if it persists report the correlation id",
  },
  /** The service cannot answer now. */
  unavailable: { status: 503, exit: "UNDETERMINED", next: "retry", hint: "Repeat in a few seconds" },

  // --- talking to a service ----------------------------------------------------------------------
  /** No connection: refused, DNS, TLS or reset. */
  network_unreachable: {
    status: null,
    exit: "UNDETERMINED",
    next: "retry",
    hint: "Check the URL and that the server runs: relayfile doctor",
  },
  /** The service did not answer in time. */
  request_timeout: {
    status: null,
    exit: "UNDETERMINED",
    next: "retry",
    hint: "Repeat with a larger --timeout",
  },
  /** The answer is not what this service speaks: HTML, wrong JSON, too large. */
  unexpected_answer: {
    status: null,
    exit: "UNDETERMINED",
    next: "fix-input",
    hint: "Check that the URL names the right service: relayfile doctor",
  },
  /** The request reached the other service. */
  wrong_service: { status: null, exit: "FINDINGS", next: "fix-input", hint: "relayfile doctor" },
  /** A credential of the wrong kind was given for this service. */
  wrong_token_kind: {
    status: null,
    exit: "AUTH",
    next: "sign-in",
    hint: "relayfile workspace join WORKSPACE",
  },
  /** The token's own expiry has passed. */
  token_expired: { status: null, exit: "AUTH", next: "sign-in", hint: "relayfile workspace join WORKSPACE" },
  /** No credential was found where one is needed. */
  not_signed_in: { status: null, exit: "AUTH", next: "sign-in", hint: "relayfile login" },

  // --- the command line --------------------------------------------------------------------------
  /** Unknown command, flag or value. */
  usage: { status: null, exit: "USAGE", next: "fix-input", hint: "relayfile --help" },
  /** A workspace was needed and none could be resolved. */
  workspace_required: {
    status: null,
    exit: "USAGE",
    next: "fix-input",
    hint: "Name one: --workspace NAME, or relayfile workspace use NAME",
  },
  /** The feature is recognised and deliberately absent. */
  not_supported: { status: null, exit: "USAGE", next: "fix-input", hint: "relayfile --help" },
  /** A file given as input cannot be read or understood. */
  invalid_input: {
    status: null,
    exit: "USAGE",
    next: "fix-input",
    hint: "Fix the input; the message names the place",
  },

  // --- local state -------------------------------------------------------------------------------
  /** Another process holds the lease of this mount or data directory. */
  lock_held: {
    status: null,
    exit: "LOCAL_STATE",
    next: "operator",
    hint: "Stop the other process first; the message names it",
  },
  /** Nothing runs that could be asked or stopped. */
  not_running: {
    status: null,
    exit: "LOCAL_STATE",
    next: "operator",
    hint: "relayfile mount WORKSPACE DIR --background",
  },
  /** A state file is damaged; it was preserved. */
  state_corrupt: {
    status: null,
    exit: "LOCAL_STATE",
    next: "operator",
    hint: "Look at the file named in the message; it was left as it is",
  },
  /** The first copy of a mirror was ended because nothing came in for too long; it goes on where it was. */
  bootstrap_idle: {
    status: null,
    exit: "UNDETERMINED",
    next: "retry",
    hint: "relayfile status; the limits are RELAYFILE_BOOTSTRAP_IDLE_TIMEOUT and --bootstrap-timeout",
  },
  /** The first copy of a mirror was given up: the server answered, again and again, and nothing came of it. */
  bootstrap_stalled: {
    status: null,
    exit: "UNDETERMINED",
    next: "operator",
    hint: "relayfile logs; then mount again with a higher RELAYFILE_BOOTSTRAP_STALL_CYCLES",
  },
  /** A dead-letter record cannot be parsed; it was preserved byte for byte. */
  dead_letter_malformed: {
    status: null,
    exit: "LOCAL_STATE",
    next: "operator",
    hint: "Look at the file named in the message; it was left as it is",
  },
  /** No dead letter with this op id. */
  dead_letter_unknown: {
    status: null,
    exit: "FINDINGS",
    next: "fix-input",
    hint: "relayfile writeback status",
  },
  /** Unresolved dead letters exist. */
  dead_letters_present: {
    status: null,
    exit: "FINDINGS",
    next: "operator",
    hint: "relayfile writeback retry --opId OP",
  },
  /** A retried write was refused again. */
  retry_rejected: {
    status: null,
    exit: "FINDINGS",
    next: "fix-input",
    hint: "Fix the file, then repeat: relayfile writeback retry --opId OP",
  },
  /** A directory or file cannot be read or written. */
  io_error: {
    status: null,
    exit: "LOCAL_STATE",
    next: "operator",
    hint: "Check permissions and free space of the path in the message",
  },
  /** The port is taken. */
  port_in_use: {
    status: null,
    exit: "LOCAL_STATE",
    next: "fix-input",
    hint: "Choose another: --port 0 takes a free one",
  },

  // --- safety ------------------------------------------------------------------------------------
  /** The mount root is missing, a file, or a link. */
  mount_root_broken: {
    status: null,
    exit: "SAFETY",
    next: "operator",
    hint: "Look at the path; then mount with --reset-after-clobber",
  },
  /** A path would leave its root. */
  path_escapes_root: {
    status: null,
    exit: "SAFETY",
    next: "report",
    hint: "Report the server that sent this path",
  },
  /** A path violates the naming rules. */
  invalid_path: {
    status: 400,
    exit: "USAGE",
    next: "fix-input",
    hint: "Use an absolute path without empty, . or .. segments",
  },
  /** A probe would write and consent was not given. */
  consent_required: { status: null, exit: "SAFETY", next: "confirm", hint: "Repeat with --allow-write" },

  // --- the end of the command ---------------------------------------------------------------------
  /** SIGINT arrived before the command was done. */
  interrupted: { status: null, exit: "INTERRUPTED", next: "retry", hint: "Run the command again" },
  /** SIGTERM arrived before the command was done. */
  terminated: { status: null, exit: "TERMINATED", next: "retry", hint: "Run the command again" },
  /** The budget given with --timeout ended first. */
  timeout_exceeded: {
    status: null,
    exit: "UNDETERMINED",
    next: "retry",
    hint: "Repeat with a larger --timeout",
  },

  // --- us ----------------------------------------------------------------------------------------
  /** Something that cannot happen did. */
  bug: { status: 500, exit: "BUG", next: "report", hint: "Report the stack with the command you ran" },
});

/** A code of the error table. */
export type ErrorCode = keyof typeof ERRORS;

/** Facts about one failure; values are small and JSON-safe. `hint` replaces the table's hint. */
export type ErrorDetails = Readonly<Record<string, unknown>> & { readonly hint?: string };

/**
 * Every expected failure. Callers branch on `code` or `next`, never on the text of `message`.
 * Anything thrown that is not a RelayfileError is a bug.
 */
export class RelayfileError extends Error {
  override readonly name = "RelayfileError";

  /** Use `fail` instead of calling this. */
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  /** HTTP status for a service answer; 500 for codes that never cross the wire. */
  get status(): number {
    return ERRORS[this.code].status ?? 500;
  }

  /** Symbolic exit code for a command that ends with this error. */
  get exit(): ExitName {
    return ERRORS[this.code].exit;
  }

  /** What the caller should do. */
  get next(): NextStep {
    return ERRORS[this.code].next;
  }

  /** One line that starts with a verb or is a command. */
  get hint(): string {
    return this.details.hint ?? ERRORS[this.code].hint;
  }

  /** True when repeating the same call later may succeed. */
  get retryable(): boolean {
    return this.next === "retry" || this.next === "retry-after";
  }
}

/**
 * The only way to raise an expected failure.
 *
 * @param code a code of `ERRORS`
 * @param message one sentence without a final period, naming the value and the limit
 * @param details small JSON-safe facts; `hint` overrides the table's
 */
export function fail(
  code: ErrorCode,
  message: string,
  details?: ErrorDetails,
  options?: { cause?: unknown },
): never {
  throw new RelayfileError(code, message, details, options);
}

/** True for an expected failure, optionally of one of the given codes. */
export function isRelayfileError(value: unknown, ...codes: ErrorCode[]): value is RelayfileError {
  return value instanceof RelayfileError && (codes.length === 0 || codes.includes(value.code));
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The operating system's code of a thrown error (`ENOENT`), or undefined. */
export function osCodeOf(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
