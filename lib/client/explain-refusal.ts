/**
 * Turns a 401 or 403 into advice that fits its cause: it names where the refused credential came from, and suggests
 * signing in only when the cloud identity itself was refused (spec control-plane 7.4). Pure.
 */
import { RelayfileError } from "../errors.ts";
import { FULL_SCOPES, readClaims } from "../model/token.ts";
import type { Target } from "./target.ts";
import type { FoundToken } from "./tokens.ts";

/** Facts about the call that was refused. */
export interface Refusal {
  readonly error: RelayfileError;
  readonly target: Pick<Target, "workspace" | "requestedWorkspace" | "workspaceToken" | "cloudToken">;
  /** The identity that was refused. */
  readonly identity: "cloud" | "workspace";
}

/** The error with the source of the credential and a hint that fits; other errors come back as they are. */
export function explainRefusal({ error, target, identity }: Refusal): RelayfileError {
  if (error.code !== "unauthorized" && error.code !== "forbidden") return error;
  const token = identity === "cloud" ? target.cloudToken : target.workspaceToken;
  const hint = identity === "cloud" ? cloudHint(error, token) : workspaceHint(error, target, token);
  const from = token === null ? "" : `; the ${identity} token came from ${token.source}`;
  const details = { ...error.details, ...(token === null ? {} : { source: token.source }), hint };
  return new RelayfileError(error.code, `${error.message}${from}`, details, { cause: error });
}

function cloudHint(error: RelayfileError, token: FoundToken | null): string {
  if (error.code === "forbidden")
    return "Ask an owner of the workspace for access: relayfile whoami shows who asks";
  return token?.explicit
    ? `Put a valid cloud token there, or leave ${token.source} out and run relayfile login`
    : "relayfile login";
}

function workspaceHint(error: RelayfileError, target: Refusal["target"], token: FoundToken | null): string {
  const name = target.workspace?.name ?? target.workspace?.id ?? "WORKSPACE";
  const join = `relayfile workspace join ${name}`;
  if (/workspace mismatch/i.test(error.message)) return mismatchHint(target, token, join);
  const scope = /missing required scope:? *(\S+)/i.exec(error.message)?.[1];
  if (scope !== undefined) return scopeHint(scope, join);
  if (/\bACL\b/.test(error.message))
    return "Look at the nearest .relayfile.acl above the path; no other token helps";
  return token?.explicit ? `Put a fresh token there: ${join}` : join;
}

/** The usual scopes come with every join; another one has to be asked for together with them. */
function scopeHint(scope: string, join: string): string {
  const usual: readonly string[] = FULL_SCOPES;
  return usual.includes(scope) ? join : [join, ...[...usual, scope].map((one) => `--scope ${one}`)].join(" ");
}

/** A token of one workspace and a path of another: either the path or the token was chosen by mistake. */
function mismatchHint(target: Refusal["target"], token: FoundToken | null, join: string): string {
  const claim = token === null ? null : (readClaims(token.value)?.workspaceId ?? null);
  const asked = target.requestedWorkspace;
  if (claim !== null && asked?.source.startsWith("env ")) {
    return `${asked.source.slice(4)} asks for ${asked.value}, the token is for ${claim}: unset ${asked.source.slice(4)}`;
  }
  return claim === null ? join : `${join}, or ask for the token's own workspace: --workspace ${claim}`;
}
