/** `relayfile doctor`: everything that can be told by reading, in one report. */

import type { Report } from "../verify/report.ts";
import { listChecks } from "./_check-list.ts";
import { type CommandContext, type CommandResult, command, type Document } from "./_command.ts";
import { announced } from "./_github.ts";
import { makePlan, makeReport, REPORT_ARGS, type ReportArgs } from "./_report.ts";

/** Arguments of `doctor`. */
export type DoctorArgs = ReportArgs & { readonly ws?: string };

/** Runs every check that only reads and returns the report. Partial when the signal aborts. */
export function doctor(args: DoctorArgs, context: CommandContext): Promise<CommandResult<Report & Document>> {
  return makeReport(requestOf(args), args, context);
}

const requestOf = ({ ws }: DoctorArgs) =>
  ({ command: "doctor", suite: "doctor", workspace: ws, refresh: false }) as const;

export default command({
  name: "doctor",
  description: "Find out what is wrong with services, tokens, mirror, discovery, digests and writebacks",
  args: {
    ws: { type: "positional", valueHint: "WS", description: "Workspace; else the default one" },
    ...REPORT_ARGS,
  },
  examples: [
    ["relayfile doctor", "judge everything that can be told by reading"],
    ["relayfile doctor --short", "the same in at most 25 lines"],
    ["relayfile doctor --json", "one document for an agent"],
    ["relayfile doctor --only 'doctor.*token*'", "only what concerns tokens"],
    ["relayfile doctor --save-evidence ./evidence", "keep what was observed for a colleague"],
    ["relayfile doctor --wait 5m", "repeat until everything passes, at most five minutes"],
    ["relayfile doctor --watch 30s --events", "go on and print what changes, one JSON object per line"],
    ["relayfile doctor --bundle incident.tar.gz", "report, evidence, state files and logs, without secrets"],
  ],
  run: async (args, context) =>
    args.list
      ? listChecks("doctor", { only: args.only, skip: args.skip, refresh: false })
      : args.plan
        ? makePlan(requestOf(args), args, context)
        : announced(await doctor(args, context), context),
});
