/** `relayfile put`: writes one file against a revision, and can wait until the provider has it. */
import { requireWorkspace } from "../lib/client/target.ts";
import { fail, isRelayfileError, messageOf, osCodeOf } from "../lib/errors.ts";
import { FILE_API } from "../lib/limits.ts";
import { encodeContent } from "../lib/model/file.ts";
import { requireWritablePath } from "../lib/model/path.ts";
import { ABSENT_REVISION } from "../lib/model/revision.ts";
import { type CommandContext, command } from "./_command.ts";
import { readInput } from "./_input.ts";
import { exitOfOp, waitForOp } from "./_op-wait.ts";
import { localPath } from "./_output.ts";
import { onePath, TARGET_ARGS, targetFlags, withSession } from "./_target.ts";
import { currentRevision, writeDocument } from "./_write.ts";

export default command({
  name: "put",
  description: "Write a file into a workspace",
  args: {
    ws: {
      type: "positional",
      description: "Workspace; may be left out when one is current",
      valueHint: "WS",
    },
    path: { type: "positional", description: "Remote path", valueHint: "PATH" },
    file: {
      type: "string",
      alias: ["f"],
      valueHint: "FILE",
      description: "Local file; standard input when left out",
    },
    "if-match": {
      type: "string",
      valueHint: "REV",
      description: "Revision to replace; the current one when left out, 0 to create, * to overwrite",
    },
    "content-type": {
      type: "string",
      valueHint: "TYPE",
      description: "By the name's extension when left out",
    },
    wait: { type: "boolean", description: "Wait until the provider has answered, at most 60 s" },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile put demo /notes/todo.md --file todo.md", "write a local file"],
    [
      'echo \'{"title":"Fix it"}\' | relayfile put demo /linear/issues/new-issue.json --wait',
      "create a record and wait",
    ],
  ],
  run: async (args, context) => {
    const { workspace, path } = onePath(args.ws, args.path, "put");
    const remote = requireWritablePath(path);
    const bytes = await content(args.file, context);
    return withSession(targetFlags(args, workspace), context, async (session) => {
      const files = await session.files();
      const base = args["if-match"] ?? (await currentRevision(files, remote, context)) ?? ABSENT_REVISION;
      const body = { ...encodeContent(bytes), contentType: args["content-type"] ?? typeOf(remote) };
      const written = await files.putFile(remote, body, base, { signal: context.signal });
      const op = args.wait ? await waitForOp(files, written.opId, context) : null;
      const document = writeDocument(
        { workspaceId: requireWorkspace(session.target).id, action: "put", path: remote, baseRevision: base },
        written,
        op,
      );
      return { document, exit: args.wait ? exitOfOp(op) : "PASS" };
    });
  },
});

async function content(file: string | undefined, context: CommandContext): Promise<Uint8Array> {
  if (file === undefined || file === "-") return readInput(context, FILE_API.fileBytesMax);
  const path = localPath(context, file);
  try {
    const size = context.ports.fs.lstat(path)?.sizeBytes ?? 0;
    if (size > FILE_API.fileBytesMax) {
      fail("payload_too_large", `${file} is ${size} bytes, the limit is ${FILE_API.fileBytesMax}`);
    }
    return context.ports.fs.readFile(path);
  } catch (cause) {
    if (isRelayfileError(cause)) throw cause;
    return fail(
      "invalid_input",
      `cannot read ${file} (${osCodeOf(cause) ?? messageOf(cause)})`,
      {},
      { cause },
    );
  }
}

function typeOf(path: string): string {
  const extension = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === "json") return "application/json";
  if (extension === "md") return "text/markdown";
  return extension === undefined || extension === "txt" ? "text/plain" : "application/octet-stream";
}
