/** Files as the file API speaks of them. */
import { z } from "zod";

export { decodeContent, encodeContent } from "./content.ts";

/** Free metadata of a file; every part is optional (spec file-api 3.2). */
export const Semantics = z.object({
  properties: z.record(z.string(), z.string()).optional(),
  relations: z.array(z.string()).optional(),
  permissions: z.array(z.string()).optional(),
  comments: z.array(z.string()).optional(),
});
/** Free metadata of a file. */
export type Semantics = z.infer<typeof Semantics>;

/** Answer of `GET fs/file`. */
export const FileDocument = z.looseObject({
  path: z.string(),
  revision: z.string(),
  /** SHA-256 of the decoded bytes, lower-case hex. */
  contentHash: z.string().optional(),
  contentType: z.string(),
  content: z.string(),
  /** Absent for text. */
  encoding: z.string().optional(),
  provider: z.string().optional(),
  providerObjectId: z.string().optional(),
  lastEditedAt: z.string().optional(),
  semantics: Semantics.nullish(),
});
/** Answer of `GET fs/file`. */
export type FileDocument = z.infer<typeof FileDocument>;

/** One entry of `GET fs/tree`. */
export const TreeEntry = z.looseObject({
  path: z.string(),
  type: z.enum(["file", "dir"]),
  /** The literal `dir` for a directory. */
  revision: z.string(),
  contentHash: z.string().optional(),
  provider: z.string().optional(),
  providerObjectId: z.string().optional(),
  /** Size in bytes of the decoded content; absent when 0. */
  size: z.number().optional(),
  updatedAt: z.string().optional(),
});
/** One entry of `GET fs/tree`. */
export type TreeEntry = z.infer<typeof TreeEntry>;

/** One page of `GET fs/tree`, sorted by path. */
export const TreePage = z.looseObject({
  path: z.string(),
  entries: z.array(TreeEntry),
  nextCursor: z.string().nullable(),
  /** Files visible below `path` at any depth; absent when 0. */
  totalFiles: z.number().optional(),
});
/** One page of `GET fs/tree`. */
export type TreePage = z.infer<typeof TreePage>;

/** Idempotency identity of a write. */
export const ContentIdentity = z.object({
  kind: z.string(),
  key: z.string(),
  ttlSeconds: z.number().optional(),
});
/** Idempotency identity of a write. */
export type ContentIdentity = z.infer<typeof ContentIdentity>;

/** Answer of an accepted PUT or DELETE. */
export const WriteResult = z.looseObject({
  opId: z.string(),
  status: z.string(),
  targetRevision: z.string(),
  writeback: z.looseObject({ provider: z.string(), state: z.string() }),
});
/** Answer of an accepted PUT or DELETE. */
export type WriteResult = z.infer<typeof WriteResult>;

/** Answer of `POST fs/bulk`. */
export const BulkResult = z.looseObject({
  written: z.number(),
  errorCount: z.number(),
  correlationId: z.string(),
  errors: z.array(
    z.looseObject({
      path: z.string(),
      code: z.string(),
      message: z.string(),
      expectedRevision: z.string().optional(),
      currentRevision: z.string().optional(),
    }),
  ),
  results: z
    .array(
      z.looseObject({
        path: z.string(),
        revision: z.string(),
        opId: z.string().optional(),
        writeback: z.looseObject({ provider: z.string(), state: z.string() }).optional(),
      }),
    )
    .nullable(),
});
/** Answer of `POST fs/bulk`. */
export type BulkResult = z.infer<typeof BulkResult>;

/** One page of `GET fs/query`. */
export const QueryPage = z.looseObject({
  items: z.array(
    z.looseObject({
      path: z.string(),
      revision: z.string(),
      contentType: z.string().optional(),
      provider: z.string().optional(),
      providerObjectId: z.string().optional(),
      lastEditedAt: z.string().optional(),
      size: z.number().optional(),
    }),
  ),
  nextCursor: z.string().nullable(),
});
/** One page of `GET fs/query`. */
export type QueryPage = z.infer<typeof QueryPage>;

/** Answer of `POST fs/bulk-read`; servers use either key. Entries that could not be read have no content. */
export const BulkReadResult = z
  .looseObject({
    results: z.array(z.looseObject({ path: z.string() })).optional(),
    files: z.array(z.looseObject({ path: z.string() })).optional(),
  })
  .transform((answer) => answer.results ?? answer.files ?? []);
/** Entries of `POST fs/bulk-read`. */
export type BulkReadResult = z.infer<typeof BulkReadResult>;

/** Answer of `POST fs/merge`. */
export const MergeResult = z.looseObject({
  targetRevision: z.string(),
  strategy: z.string().optional(),
  mergedAgainstRevision: z.string().optional(),
});
/** Answer of `POST fs/merge`. */
export type MergeResult = z.infer<typeof MergeResult>;

/** Answer of `POST writeback/sweep-drafts`. */
export const SweptDrafts = z.looseObject({
  dryRun: z.boolean(),
  scanned: z.number(),
  removed: z.array(z.looseObject({ path: z.string(), reason: z.string() })),
  skipped: z.array(z.looseObject({ path: z.string(), reason: z.string() })),
});
/** Answer of `POST writeback/sweep-drafts`. */
export type SweptDrafts = z.infer<typeof SweptDrafts>;
