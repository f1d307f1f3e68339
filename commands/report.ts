/** `relayfile report render|diff`: saved reports shown in another format, or compared. */
import type { ExitName } from "../lib/errors.ts";
import { diffReports } from "../verify/diff.ts";
import { FORMATS, type Format, renderReport } from "../verify/render/mod.ts";
import { present } from "../verify/render/presentation.ts";
import type { Report } from "../verify/report.ts";
import { type CommandContext, type CommandResult, command, type Document, group } from "./_command.ts";
import { writeOutput } from "./_output.ts";
import { readReport } from "./_saved-report.ts";

/** What `report render --out` and `report diff --out` wrote. */
export interface RenderedDocument extends Document {
  readonly kind: "relayfile.report-rendered";
  readonly format: string;
  readonly path: string;
  readonly bytes: number;
}

const DIFF_FORMATS = ["text", "json", "markdown", "md"] as const;

const OUT = {
  type: "string",
  alias: ["o"],
  valueHint: "PATH",
  description: "Write to a file instead of stdout",
} as const;

const render = command({
  name: "render",
  description: "Show a saved report in another format",
  args: {
    file: {
      type: "positional",
      valueHint: "FILE",
      description: "A report saved as JSON; - for standard input",
      required: true,
    },
    to: { type: "enum", options: FORMATS, description: "Format (default text)" },
    out: OUT,
  },
  examples: [
    ["relayfile report render report.json", "show it as text"],
    ["relayfile report render report.json --to html --out report.html", "one page to open, mail or attach"],
    ["relayfile report render report.json --to markdown", "ready to paste into an issue"],
    ["relayfile doctor --json | relayfile report render - --to short", "from a pipe"],
    ["relayfile report render report.json --to curl --out repro.sh", "its requests as a shell script"],
  ],
  run: async (args, context) => {
    const report = await readReport(context, args.file);
    const format: Format = args.to ?? "text";
    if (args.out !== undefined)
      return written(context, args.out, format, await renderReport(report, format), "PASS");
    // Under --json, and in the two terminal forms, the document itself is the answer.
    const own = context.globals.json || format === "text" || format === "short";
    if (!own) context.write(await renderReport(report, format));
    present(report, format === "short" ? "short" : "full");
    return { document: report as Report & Document, exit: "PASS" };
  },
});

const diff = command({
  name: "diff",
  description: "Compare two saved reports: what is new, fixed, changed, or cannot be compared",
  args: {
    old: { type: "positional", valueHint: "OLD", description: "The earlier report", required: true },
    new: { type: "positional", valueHint: "NEW", description: "The later report", required: true },
    to: { type: "enum", options: DIFF_FORMATS, description: "Format (default text)" },
    "fail-on": {
      type: "enum",
      options: ["error", "warn", "info"],
      description: "Least severity of a new or worse finding that makes the exit code 1 (default info)",
    },
    out: OUT,
  },
  examples: [
    ["relayfile report diff last-green.json now.json", "exit 1 when something is new"],
    ["relayfile report diff before.json after.json --to markdown", "for a pull request"],
    ["relayfile report diff before.json after.json --fail-on error", "new notes and warnings are fine"],
  ],
  run: async (args, context) => {
    const [before, after] = [await readReport(context, args.old), await readReport(context, args.new)];
    const document = diffReports(before, after, args["fail-on"] ?? "info");
    const format = args.to ?? "text";
    if (args.out === undefined && (context.globals.json || format === "text"))
      return { document, exit: document.exit };
    const { renderDiff } = await import("../verify/render/diff.ts");
    const text = renderDiff(document, format);
    if (args.out !== undefined) return written(context, args.out, format, text, document.exit);
    context.write(text);
    return { document, exit: document.exit };
  },
});

function written(
  context: CommandContext,
  path: string,
  format: string,
  text: string,
  exit: ExitName,
): CommandResult<RenderedDocument> {
  const bytes = new TextEncoder().encode(text);
  writeOutput(context, path, bytes);
  return {
    document: {
      schemaVersion: "1.0",
      kind: "relayfile.report-rendered",
      format,
      path,
      bytes: bytes.byteLength,
    },
    exit,
  };
}

export default group({
  name: "report",
  description: "Show and compare saved reports",
  commands: {
    render: { description: "Show a saved report in another format", load: async () => render },
    diff: { description: "Compare two saved reports", load: async () => diff },
  },
});
