/** Writeback ops: the server's record that a write must reach a provider. */
import { z } from "zod";

export { OP_FINAL, OP_STATUSES, type OpStatus } from "./op-status.ts";

/** What an op does at the provider. */
export type OpAction = "file_upsert" | "file_delete";

/** Answer of `GET ops/{opId}`; `status` stays open because servers differ. */
export const WritebackOp = z.looseObject({
  opId: z.string(),
  path: z.string().optional(),
  revision: z.string().optional(),
  provider: z.string().optional(),
  action: z.string().optional(),
  status: z.string(),
  attemptCount: z.number().default(0),
  nextAttemptAt: z.string().optional(),
  lastError: z.string().nullish(),
  /** HTTP status of the provider's last answer. */
  lastStatus: z.number().optional(),
  providerResult: z.record(z.string(), z.unknown()).optional(),
  correlationId: z.string().optional(),
  createdAt: z.string().optional(),
  updatedAt: z.string().optional(),
  completedAt: z.string().optional(),
});
/** Answer of `GET ops/{opId}`. */
export type WritebackOp = z.infer<typeof WritebackOp>;

/** Answer of `GET ops`, newest first. */
export const OpPage = z.looseObject({ items: z.array(WritebackOp), nextCursor: z.string().nullable() });
/** Answer of `GET ops`. */
export type OpPage = z.infer<typeof OpPage>;
