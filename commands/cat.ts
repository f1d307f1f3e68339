/** `relayfile cat`: the content of one file, as bytes, or with its revision as a document. */
import { requireWorkspace } from "../lib/client/target.ts";
import { fail } from "../lib/errors.ts";
import { decodeContent } from "../lib/model/file.ts";
import { normalizePath } from "../lib/model/path.ts";
import { command, type Document } from "./_command.ts";
import { writeOutput } from "./_output.ts";
import { onePath, TARGET_ARGS, targetFlags, withSession } from "./_target.ts";

/** What `cat --json` prints, and `cat --output` without the content. */
export interface FileDocument extends Document {
  readonly kind: "relayfile.file";
  readonly workspaceId: string;
  readonly path: string;
  readonly revision: string;
  readonly contentType: string;
  readonly contentHash: string | null;
  readonly provider: string | null;
  readonly lastEditedAt: string | null;
  /** Size of the decoded bytes. */
  readonly sizeBytes: number;
  /** `utf-8` or `base64`; null when the content went to a file. */
  readonly encoding: "utf-8" | "base64" | null;
  readonly content: string | null;
  /** The file that was written, or null. */
  readonly output: string | null;
}

export default command({
  name: "cat",
  description: "Print the content of a file",
  aliases: ["read"],
  args: {
    ws: {
      type: "positional",
      description: "Workspace; may be left out when one is current",
      valueHint: "WS",
    },
    path: { type: "positional", description: "Remote path", valueHint: "PATH" },
    output: { type: "string", alias: ["o"], valueHint: "FILE", description: "Write to a local file instead" },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile cat demo /digests/today.md", "print the bytes"],
    ["relayfile cat /digests/today.md --json", "with revision and type, from the current workspace"],
  ],
  run: async (args, context) => {
    const { workspace, path } = onePath(args.ws, args.path, "cat");
    return withSession(targetFlags(args, workspace), context, async (session) => {
      const files = await session.files();
      const file = await files.readFile(normalizePath(path), { signal: context.signal });
      const bytes =
        decodeContent(file.content, file.encoding) ??
        fail("unexpected_answer", `the file API sent ${file.path} with content that is not base64`);
      const { json } = context.globals;
      if (args.output !== undefined) writeOutput(context, args.output, bytes);
      else if (!json) context.write(bytes);
      const document: FileDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.file",
        workspaceId: requireWorkspace(session.target).id,
        path: file.path,
        revision: file.revision,
        contentType: file.contentType,
        contentHash: file.contentHash ?? null,
        provider: file.provider ?? null,
        lastEditedAt: file.lastEditedAt ?? null,
        sizeBytes: bytes.byteLength,
        encoding: args.output === undefined ? (isBase64(file.encoding) ? "base64" : "utf-8") : null,
        content: args.output === undefined ? file.content : null,
        output: args.output ?? null,
      };
      return { document, exit: "PASS" };
    });
  },
});

function isBase64(encoding: string | undefined): boolean {
  return encoding?.trim().toLowerCase() === "base64";
}
