/** `relayfile why`: what is known about one file of a mirror, and what to do about it. */

import { fail } from "../lib/errors.ts";
import { absolutePath } from "../lib/mount/layout.ts";
import { type PathStory, whyPath } from "../lib/mount/why.ts";
import { type CommandResult, command } from "./_command.ts";
import { findMirror, MIRROR_ARGS, mountWorld, privateStateOf, requireMirror, stateOf } from "./_mount.ts";

/** `relayfile.why`. */
export interface WhyDocument extends PathStory {
  readonly schemaVersion: "1.0";
  readonly kind: "relayfile.why";
  readonly workspaceId: string | null;
  readonly localDir: string;
}

export default command({
  name: "why",
  description: "Tell what is known about one file of a mirror, and why",
  args: {
    path: {
      type: "positional",
      required: true,
      valueHint: "PATH",
      description: "The file, relative or absolute",
    },
    ...MIRROR_ARGS,
  },
  examples: [["relayfile why docs/plan.md", "did my save arrive, and if not, why?"]],
  run: async (args, context) => {
    const mirror = await findMirror(args, context);
    const { dir, layout } = requireMirror(mirror);
    const world = await mountWorld(context);
    const { host } = context.ports;
    const inside = absolutePath(args.path, host.cwd);
    const rel = inside.startsWith(`${dir}/`) ? inside.slice(dir.length + 1) : args.path.replace(/^\.?\//, "");
    if (rel === "") fail("usage", "a path below the mirror is needed");
    const remoteRoot = stateOf(mirror)?.remoteRoot ?? "/";
    const { database } = privateStateOf(mirror, context, world.sha256);
    const story = whyPath(world, { dir, layout, remoteRoot, index: database }, rel);
    const document: WhyDocument = {
      schemaVersion: "1.0",
      kind: "relayfile.why",
      workspaceId: mirror.workspaceId,
      localDir: dir,
      ...story,
    };
    const settled = story.state === "in-step" || story.state === "excluded";
    return { document, exit: settled ? "PASS" : "FINDINGS" } satisfies CommandResult;
  },
});
