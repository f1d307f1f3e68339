/** zod schemas of the front door's own documents, for `relayfile schema` and for tests that validate every output. */
import { z } from "zod";
import { Report } from "../verify/report.ts";
import { errorCode, exitName, schemaVersion } from "./_document-parts.ts";

/** `relayfile.error`. */
export const ErrorDocumentSchema = z.looseObject({
  schemaVersion,
  kind: z.literal("relayfile.error"),
  error: z.looseObject({
    code: errorCode,
    message: z.string().min(1),
    hint: z.string().min(1),
    retryable: z.boolean(),
    exit: exitName,
    exitCode: z.int().min(0).max(255),
    next: z.array(z.looseObject({ argv: z.array(z.string()).min(1), safe: z.boolean() })),
    docs: z.string(),
    correlationId: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
    stack: z.string().optional(),
  }),
});

const argument = z.looseObject({
  name: z.string(),
  aliases: z.array(z.string()),
  value: z.string().nullable(),
  description: z.string(),
  required: z.boolean(),
  repeatable: z.boolean(),
  options: z.array(z.string()).optional(),
});

/** `relayfile.help`. */
export const HelpDocumentSchema = z.looseObject({
  schemaVersion,
  kind: z.literal("relayfile.help"),
  command: z.string(),
  description: z.string(),
  usage: z.string(),
  arguments: z.array(argument),
  flags: z.array(argument),
  globalFlags: z.array(argument),
  sections: z.array(
    z.looseObject({
      title: z.string(),
      commands: z.array(
        z.looseObject({ name: z.string(), aliases: z.array(z.string()), description: z.string() }),
      ),
    }),
  ),
  examples: z.array(z.looseObject({ line: z.string(), does: z.string() })),
  text: z.array(z.string()),
  exitCodes: z.record(z.string(), z.int()),
});

/** `relayfile.version`. */
export const VersionDocumentSchema = z.looseObject({
  schemaVersion,
  kind: z.literal("relayfile.version"),
  version: z.string(),
  commit: z.string().nullable(),
  builtAt: z.string().nullable(),
  target: z.string().nullable(),
  runtime: z.string(),
  schemaVersions: z.record(z.string(), z.string()),
});

const incident = z.looseObject({
  id: z.string(),
  knownIssue: z.string(),
  story: z.string(),
  report: z.enum(["doctor", "discovery", "digest", "writeback"]),
  found: z.boolean(),
  findingId: z.string().nullable(),
});

/** `relayfile.demo`. */
export const DemoDocumentSchema = z.looseObject({
  schemaVersion,
  kind: z.literal("relayfile.demo"),
  workspaceId: z.string(),
  fileApiUrl: z.string(),
  controlPlaneUrl: z.string(),
  simulatorUrl: z.string(),
  mirror: z.string(),
  environment: z.record(z.string(), z.string()),
  incidents: z.array(incident),
  reports: z.object({ doctor: Report, discovery: Report, digest: Report, writeback: Report }),
  next: z.looseObject({ argv: z.array(z.string()).min(1), why: z.string() }),
  running: z.boolean(),
});
