/** What the file API needs from whoever hosts it. */
import type { Clock, Log } from "../../ports.ts";
import type { TokenVerifier } from "../auth/token.ts";
import type { ManagedWorkspace } from "../managed-workspace.ts";
import type { Metrics } from "../metrics.ts";
import type { RateLimiter } from "../rate-limit.ts";
import type { WorkspaceObject } from "../workspace-object.ts";
import type { FeedSession } from "./feed-session.ts";

/** The host of the file API. */
export interface FileApiEnv {
  readonly clock: Clock;
  readonly log: Log;
  /** The product's version, shown by `/health`. */
  readonly version: string;
  readonly verifier: TokenVerifier;
  /** The workspace, or null when it does not exist. */
  workspace(id: string): Promise<WorkspaceObject | null>;
  /** Ids of all workspaces, for administration. */
  workspaceIds(): readonly string[];
  /** Any workspace, for administration; null when it does not exist. */
  managed(id: string): Promise<ManagedWorkspace | null>;
  readonly metrics: Metrics;
  readonly limiter: RateLimiter;
  /** Turns the request into a WebSocket that the session drives. Null where the runtime cannot. */
  readonly upgrade: ((request: Request, session: FeedSession) => Response) | null;
}
