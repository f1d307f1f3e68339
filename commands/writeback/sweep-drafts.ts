/** `relayfile writeback sweep-drafts`: drafts on the server that nothing turned into records. A dry run unless told otherwise. */
import { requireWorkspace } from "../../lib/client/target.ts";
import { fail } from "../../lib/errors.ts";
import { type CommandResult, command } from "../_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";

export default command({
  name: "sweep-drafts",
  description: "Find drafts on the server that nothing turned into records, and remove them with --apply",
  args: {
    ws: {
      type: "positional",
      valueHint: "WS",
      description: "Workspace; may be left out when one is current",
    },
    ...TARGET_ARGS,
    "path-prefix": { type: "string", valueHint: "PATH", description: "Only below this remote path (/)" },
    pattern: {
      type: "strings",
      valueHint: "GLOB",
      description: "Also file names of this form, such as draft-*.json; repeatable",
    },
    apply: { type: "boolean", description: "Remove them; without it they are only listed" },
  },
  examples: [
    ["relayfile writeback sweep-drafts demo", "what would be removed"],
    ["relayfile writeback sweep-drafts demo --path-prefix /github --apply", "remove those below /github"],
  ],
  run: (args, context) => {
    const prefix = args["path-prefix"];
    if (prefix !== undefined && !prefix.startsWith("/"))
      fail("usage", `--path-prefix "${prefix}" is not an absolute remote path`);
    return withSession(targetFlags(args, args.ws), context, async (session) => {
      const workspace = requireWorkspace(session.target);
      const swept = await (await session.files()).sweepDrafts(
        {
          ...(prefix === undefined ? {} : { pathPrefix: prefix }),
          ...(args.pattern.length === 0 ? {} : { patterns: args.pattern }),
          apply: args.apply,
        },
        { signal: context.signal },
      );
      return {
        document: {
          schemaVersion: "1.0",
          kind: "relayfile.writeback-sweep-drafts",
          workspaceId: workspace.id,
          dryRun: swept.dryRun,
          scanned: swept.scanned,
          removed: swept.removed,
          skipped: swept.skipped,
        } as CommandResult["document"],
        exit: "PASS",
      };
    });
  },
});
