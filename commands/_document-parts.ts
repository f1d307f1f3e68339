/** Parts that the published schemas share. */
import { z } from "zod";
import { ERRORS, type ErrorCode, EXIT, type ExitName } from "../lib/errors.ts";

/** `schemaVersion` of every document. */
export const schemaVersion = z.literal("1.0");
/** Symbolic exit names. */
export const exitName = z.enum(Object.keys(EXIT) as [ExitName, ...ExitName[]]);
/** Codes of the error table. */
export const errorCode = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);
/** A command to run next, as argv. `safe`: it can lose nothing. */
export const nextCommand = z.looseObject({ argv: z.array(z.string()).min(1), safe: z.boolean() });
/** A count. */
export const count = z.int().min(0);
/** A text that may be unknown. */
export const maybeText = z.string().nullable();
/** An instant, ISO 8601 UTC, that may be unknown. */
export const maybeTime = z.string().nullable();

/** A document: readers ignore what they do not know, so unknown fields are allowed. */
export function documentSchema<K extends string, S extends z.ZodRawShape>(kind: K, shape: S) {
  return z.looseObject({ schemaVersion, kind: z.literal(`relayfile.${kind}`), ...shape });
}
