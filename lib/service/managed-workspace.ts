/** What the control plane and administration ask of a workspace, which may live in another process. */
import type { WorkspaceObject } from "./workspace-object.ts";

/** Names of those methods: arguments and results are plain values, so any runtime can carry them. */
export const MANAGED_METHODS = [
  "applyRecords",
  "connect",
  "disconnect",
  "ingest",
  "ingestSource",
  "ingress",
  "link",
  "queueSource",
  "refresh",
  "refuse",
  "replayEnvelopeById",
  "replayOp",
  "syncStatus",
] as const satisfies readonly (keyof WorkspaceObject)[];

/** The name of a method that any runtime can carry. */
export type ManagedMethod = (typeof MANAGED_METHODS)[number];

/** A workspace as the control plane sees it. Failures are `RelayfileError`s, wherever the workspace is. */
export type ManagedWorkspace = Pick<WorkspaceObject, ManagedMethod>;
