/** What the control plane needs from its host, and what a route of it is. */
import type { Clock, Log, Random } from "../../ports.ts";
import type { TokenVerifier, VerifiedToken } from "../auth/token.ts";
import type { ManagedWorkspace } from "../managed-workspace.ts";
import type { Metrics } from "../metrics.ts";
import type { Pipeline } from "../pipeline.ts";
import type { ControlStore, SessionRow, WorkspaceRow } from "./store.ts";
import type { SigningKeys, TokenMint } from "./tokens.ts";

/** The host of the control plane. */
export interface ControlPlaneEnv {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly store: ControlStore;
  readonly mint: TokenMint;
  readonly keys: SigningKeys;
  readonly verifier: TokenVerifier;
  readonly pipeline: Pipeline;
  /** Base URL of the file API, without trailing slash. */
  readonly fileApiUrl: string;
  /** Own base URL, without trailing slash, path included. */
  readonly controlPlaneUrl: string;
  /** Keys of webhook signatures by provider; null accepts only bearers. */
  webhookSecret(provider: string): string | null;
  readonly signIn: SignIn;
  /** How long a join waits before it answers, ms (cloud#766). */
  readonly joinDelayMs: number;
  /** The workspace object behind a row. */
  workspace(relayId: string): Promise<ManagedWorkspace | null>;
  /** Removes the object with all its files, events, ops and bodies. */
  destroyWorkspace(relayId: string): Promise<void>;
}

/**
 * Who may sign in. `open`: whoever reaches the service, for loopback. `key`: whoever knows the operator's key.
 * `closed`: nobody, and why.
 */
export type SignIn =
  | { readonly kind: "open" }
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "closed"; readonly reason: string };

/** Who calls, after the table of routes allowed that kind. */
export type ControlCaller =
  | { readonly kind: "none" }
  | { readonly kind: "cloud"; readonly session: SessionRow }
  | { readonly kind: "workspace"; readonly token: VerifiedToken };

/**
 * Which credentials open a route (spec control-plane 1.12). `none` also admits callers without any; `own-check`
 * leaves the judgement to the handler.
 */
export type Admission = "none" | "cloud" | "cloud-or-workspace" | "own-check";

/** What a handler gets. */
export interface ControlContext {
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly params: Readonly<Record<string, string>>;
  readonly caller: ControlCaller;
  readonly correlationId: string;
  readonly env: ControlPlaneEnv;
  /** The workspace of the path; only on routes with `:id`. */
  readonly workspace: WorkspaceRow;
}

/** One route × method. */
export interface ControlRoute {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Below `/api/v1/`. A pattern with `:id` resolves the workspace before the handler runs. */
  readonly pattern: string;
  readonly admits: Admission;
  /** Also admits callers without a credential where signing in is open to all (docs/decisions/0120); absent means no. */
  readonly anonymous?: true;
  readonly handle: (context: ControlContext) => Promise<Response>;
}
