/** Text of `writeback show`: one refused save, told from what was sent to what to do. */

import { shellLine } from "../../../verify/http/exchange.ts";
import type { DeadLetter } from "../../model/dead-letter.ts";
import type { Style } from "../style.ts";

interface ShowDocument {
  readonly record: DeadLetter;
  readonly error: Record<string, unknown> | null;
  readonly file: string;
  readonly next: { readonly argv: readonly string[] };
}

/** Renders one dead letter. */
export default function view({ record, error, file, next }: ShowDocument, style: Style): string {
  const rows: [string, unknown][] = [
    ["path", record.path],
    ["refused by", record.stage === "op" ? "the provider" : "the file API"],
    ["status", record.lastStatus],
    ["reason", error?.message ?? record.message],
    ["attempts", record.attempts],
    ["last attempt", error?.lastAttemptAt ?? record.ts],
    ["base revision", record.baseRevision],
    ["answer", record.lastBody],
    ["record", file],
  ];
  const known = rows.filter(([, value]) => value !== undefined && value !== "");
  return [
    style.bold(record.opId),
    ...known.map(([name, value]) => `  ${name}: ${String(value)}`),
    "",
    style.dim(`next: ${shellLine(next.argv)}`),
  ].join("\n");
}
