/** How a failure ends: one JSON document, or one line with a hint. */
import type { Document } from "../../commands/_command.ts";
import { ERRORS, EXIT, type ExitName, messageOf, RelayfileError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { Style } from "./style.ts";

/** A command to run next. `safe` means that it changes nothing. */
export interface NextCommand {
  readonly argv: readonly string[];
  readonly safe: boolean;
}

/** What `--json` prints when a command fails. */
export interface ErrorDocument extends Document {
  readonly kind: "relayfile.error";
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    readonly retryable: boolean;
    /** Symbolic exit name; `exitCode` is its number. */
    readonly exit: ExitName;
    readonly exitCode: number;
    readonly next: readonly NextCommand[];
    /** Place in the documentation that explains the code. */
    readonly docs: string;
    readonly correlationId?: string;
    readonly details?: Readonly<Record<string, unknown>>;
    /** Only for a bug. */
    readonly stack?: string;
  };
}

/** Commands that only read, by their first words. */
const READ_ONLY =
  /^relayfile (doctor|explain|help|status|tree|cat|why|logs|schema|version|whoami|workspace list|ops (list|show)|writeback (status|list|show)|(.* )?--help\b)/;

/** The failure as data. Anything that is not a RelayfileError is a bug and keeps its stack. */
export function errorDocument(thrown: unknown): ErrorDocument {
  const error = thrown instanceof RelayfileError ? thrown : bugOf(thrown);
  const { hint: _, correlationId, ...details } = error.details;
  return {
    schemaVersion: "1.0",
    kind: "relayfile.error",
    error: {
      code: error.code,
      message: error.message,
      hint: error.hint,
      retryable: error.retryable,
      exit: error.exit,
      exitCode: EXIT[error.exit],
      next: nextCommands(error.hint),
      docs: `docs/errors.md#${error.code}`,
      ...(typeof correlationId === "string" ? { correlationId } : {}),
      ...(Object.keys(details).length > 0 ? { details } : {}),
      ...(error.code === "bug" ? { stack: stackOf(thrown) } : {}),
    },
  };
}

/** The failure for people: `error: message`, then the hint, then for a bug the stack. Ends with a newline. */
export function errorText({ error }: ErrorDocument, style: Style): string {
  const arrow = style.unicode ? "→" : "->";
  const lines = [
    `${style.red("error:")} ${oneLine(error.message)}`,
    `  ${style.dim(arrow)} ${printable(error.hint)}`,
  ];
  if (error.correlationId !== undefined)
    lines.push(`  ${style.dim(`correlation id ${error.correlationId}`)}`);
  if (error.stack !== undefined) lines.push(error.stack);
  return `${lines.join("\n")}\n`;
}

/** The command a hint names, when it can be run as it stands: no placeholder in capitals, no glob to fill. */
function nextCommands(hint: string): NextCommand[] {
  const line = hint.match(/(?:^|: )(relayfile( [^\s,;]+)*)/)?.[1];
  if (line === undefined || /(^| )[A-Z][A-Z_]*( |$)/.test(line)) return [];
  return [{ argv: line.replaceAll("'", "").split(" "), safe: READ_ONLY.test(line) }];
}

function bugOf(thrown: unknown): RelayfileError {
  return new RelayfileError("bug", `unexpected failure: ${messageOf(thrown)}`, { hint: ERRORS.bug.hint });
}

function stackOf(thrown: unknown): string {
  return (thrown instanceof Error && thrown.stack) || String(thrown);
}

function oneLine(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, " "));
}
