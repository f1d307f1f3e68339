/** What goes into a support bundle: the report, the evidence it was judged from, state files and ends of logs. Pure. */
import type { Redactor } from "../../lib/model/redact.ts";
import { sha256Hex } from "../../lib/model/sha256.ts";
import { typesOf } from "../http/shape.ts";
import type { Report } from "../report.ts";
import type { SavedRun } from "../runner.ts";

const LOG_CHARS_MAX = 256 * 1024;

/** A file of this machine that belongs to the story. */
export interface LocalPiece {
  /** Name inside the bundle. */
  readonly name: string;
  readonly what: string;
  /** `state`: a small JSON file. `log`: only its end is taken. `text`: as it is. */
  readonly kind: "state" | "log" | "text";
  readonly text: string;
}

/** One member of the archive. */
export interface BundleEntry {
  readonly path: string;
  readonly what: string;
  readonly text: string;
}

/** What a bundle is made from. */
export interface BundleInput {
  readonly report: Report;
  /** The report for people. */
  readonly text: string;
  readonly markdown: string;
  /** The requests as a shell script. */
  readonly script: string;
  readonly saved: SavedRun;
  readonly local: readonly LocalPiece[];
}

/**
 * The members in the order of the archive, the manifest first. Everything passes the redactor once more; contents of
 * records that state files quote become types.
 */
export function bundleEntries(input: BundleInput, redactor: Redactor): BundleEntry[] {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const entries: BundleEntry[] = [
    { path: "report.json", what: "the report", text: json(input.report) },
    { path: "report.txt", what: "the report for people", text: input.text },
    { path: "report.md", what: "the report as an issue text", text: input.markdown },
    { path: "repro.sh", what: "the requests as a shell script", text: input.script },
    ...input.saved.evidence.map((record) => ({
      path: `evidence/${record.name}.json`,
      what: `evidence: ${record.name}`,
      text: json(record),
    })),
    {
      path: "evidence/exchanges.json",
      what: "every request and answer",
      text: json({ schemaVersion: "1.0", kind: "relayfile.exchanges", exchanges: input.saved.exchanges }),
    },
    ...input.local.map(({ name, what, kind, text }) => ({
      path: name,
      what,
      text: kind === "log" ? endOf(text) : kind === "state" ? shaped(text) : text,
    })),
  ].map((entry) => ({ ...entry, text: cleaned(entry, redactor) }));
  const before = input.report.redactions;
  const rules = [...new Set([...before.rules, ...redactor.summary.rules])].sort();
  const manifest = {
    schemaVersion: "1.0",
    kind: "relayfile.bundle",
    reportId: input.report.reportId,
    command: input.report.command,
    madeAt: input.report.finishedAt,
    tool: input.report.tool,
    files: entries.map(({ path, what, text }) => ({
      path,
      what,
      bytes: byteLength(text),
      sha256: sha256Hex(text),
    })),
    redactions: { rules, count: before.count + redactor.summary.count },
  };
  return [{ path: "manifest.json", what: "what is inside", text: json(manifest) }, ...entries];
}

/** Size of a text in the archive. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

/** JSON keeps its shape under redaction; text is redacted line by line of thought. */
function cleaned({ path, text }: BundleEntry, redactor: Redactor): string {
  if (!path.endsWith(".json")) return redactor.text(text);
  try {
    return `${JSON.stringify(redactor.json(JSON.parse(text)), null, 2)}\n`;
  } catch {
    // A damaged state file is evidence too; it is kept as text.
    return redactor.text(text);
  }
}

function endOf(text: string): string {
  return text.length <= LOG_CHARS_MAX
    ? text
    : `[${text.length - LOG_CHARS_MAX} characters before]\n${text.slice(-LOG_CHARS_MAX)}`;
}

function shaped(text: string): string {
  try {
    return `${JSON.stringify(
      JSON.parse(text, (key, value) => (CONTENT.has(key) ? typesOf(value) : value)),
      null,
      2,
    )}\n`;
  } catch {
    // Damaged: kept as it is, for the redactor.
    return text;
  }
}

/** Keys of state files under which contents of records stand. */
const CONTENT = new Set(["payload", "content", "document"]);
