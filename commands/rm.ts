/** `relayfile rm`: deletes one file against its revision. There is no recursive delete. */
import { requireWorkspace } from "../lib/client/target.ts";
import { fail } from "../lib/errors.ts";
import { requireWritablePath } from "../lib/model/path.ts";
import { command } from "./_command.ts";
import { exitOfOp, waitForOp } from "./_op-wait.ts";
import { onePath, TARGET_ARGS, targetFlags, withSession } from "./_target.ts";
import { currentRevision, writeDocument } from "./_write.ts";

export default command({
  name: "rm",
  description: "Delete a file of a workspace",
  args: {
    ws: {
      type: "positional",
      description: "Workspace; may be left out when one is current",
      valueHint: "WS",
    },
    path: { type: "positional", description: "Remote path of one file", valueHint: "PATH" },
    "if-match": {
      type: "string",
      valueHint: "REV",
      description: "Delete only this revision; the current one when left out",
    },
    wait: { type: "boolean", description: "Wait until the provider has answered, at most 60 s" },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile rm demo /notes/todo.md", "delete one file"],
    ["relayfile rm demo /linear/issues/LIN-1.json --wait --json", "and wait for the provider"],
  ],
  run: async (args, context) => {
    const { workspace, path } = onePath(args.ws, args.path, "rm");
    const remote = requireWritablePath(path);
    return withSession(targetFlags(args, workspace), context, async (session) => {
      const files = await session.files();
      const { id } = requireWorkspace(session.target);
      const base =
        args["if-match"] ??
        (await currentRevision(files, remote, context)) ??
        fail("not_found", `${remote} does not exist in ${id}`, { path: remote });
      const removed = await files.deleteFile(remote, base, { signal: context.signal });
      const op = args.wait ? await waitForOp(files, removed.opId, context) : null;
      const document = writeDocument(
        { workspaceId: id, action: "rm", path: remote, baseRevision: base },
        removed,
        op,
      );
      return { document, exit: args.wait ? exitOfOp(op) : "PASS" };
    });
  },
});
