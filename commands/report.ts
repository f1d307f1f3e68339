/** `relayfile report render|diff`: saved reports shown in another format, or compared. */
import type { ExitName } from "../lib/errors.ts";
import { diffReports, type ReportDiff } from "../verify/diff.ts";
import { FORMATS, type Format, renderReport } from "../verify/render/mod.ts";
import { present } from "../verify/render/presentation.ts";
import type { Report } from "../verify/report.ts";
import { command, type Document, group } from "./_command.ts";
import { writeOutput } from "./_output.ts";
import { readReport } from "./_saved-report.ts";

/** What `report render --out` wrote. */
export interface RenderedDocument extends Document {
  readonly kind: "relayfile.report-rendered";
  readonly format: Format;
  readonly path: string;
  readonly bytes: number;
}

const render = command({
  name: "render",
  description: "Show a saved report in another format",
  args: {
    file: { type: "positional", valueHint: "FILE", description: "A report saved as JSON", required: true },
    to: { type: "enum", options: FORMATS, description: "Format (default text)" },
    out: {
      type: "string",
      alias: ["o"],
      valueHint: "PATH",
      description: "Write to a file instead of stdout",
    },
  },
  examples: [
    ["relayfile report render report.json", "show it as text"],
    ["relayfile report render report.json --to curl --out repro.sh", "its requests as a shell script"],
  ],
  run: async (args, context) => {
    const report = readReport(context, args.file);
    const format = (args.to ?? "text") as Format;
    if (args.out !== undefined) {
      const bytes = new TextEncoder().encode(await renderReport(report, format));
      writeOutput(context, args.out, bytes);
      const document: RenderedDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.report-rendered",
        format,
        path: args.out,
        bytes: bytes.byteLength,
      };
      return { document, exit: "PASS" };
    }
    // Under --json, and in the two terminal forms, the document itself is the answer.
    const own = context.globals.json || format === "json" || format === "text" || format === "short";
    if (!own || (format === "json" && !context.globals.json))
      context.write(await renderReport(report, format));
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
  },
  examples: [["relayfile report diff last-green.json now.json", "exit 1 when something is new"]],
  run: async (args, context) => {
    const document: ReportDiff = diffReports(readReport(context, args.old), readReport(context, args.new));
    const exit: ExitName = document.new.length + document.changed.length > 0 ? "FINDINGS" : "PASS";
    return { document, exit };
  },
});

export default group({
  name: "report",
  description: "Show and compare saved reports",
  commands: {
    render: { description: "Show a saved report in another format", load: async () => render },
    diff: { description: "Compare two saved reports", load: async () => diff },
  },
});
