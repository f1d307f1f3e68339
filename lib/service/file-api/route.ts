/** What a route of the file API is: data that says who may call it, and a handler. */
import type { Caller } from "../auth/acl.ts";
import type { RequiredScope } from "../auth/scopes.ts";
import type { WorkspaceObject } from "../workspace-object.ts";
import type { FileApiEnv } from "./env.ts";

/**
 * Which path a scope is judged at (spec file-api 2.6).
 * `none`: no single path. `file`: the raw `path` parameter. `tree`: the normalised `path`, `/` when blank.
 * `filtered`: any grant opens the route, and the answer shows only what the caller may know of.
 */
export type PathRule = "none" | "file" | "tree" | "filtered";

/** What a handler gets after all checks passed. */
export interface RouteContext {
  readonly request: Request;
  readonly query: URLSearchParams;
  /** Decoded parameters of the pattern, `ws` excluded. */
  readonly params: Readonly<Record<string, string>>;
  readonly workspace: WorkspaceObject;
  readonly caller: Caller;
  readonly correlationId: string;
  readonly env: FileApiEnv;
}

/** One route × method. */
export interface FileRoute {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Below `/v1/workspaces/:ws/`. */
  readonly pattern: string;
  readonly scope: RequiredScope;
  readonly path: PathRule;
  /** True when permission rules of `path` are judged before the handler. */
  readonly acl: boolean;
  readonly handle: (context: RouteContext) => Promise<Response>;
}
