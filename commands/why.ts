/** `relayfile why`: what is known about one file of a mirror, and what to do about it. */

import { fail } from "../lib/errors.ts";
import { type MountConfig, mountConfig } from "../lib/mount/config.ts";
import { absolutePath } from "../lib/mount/layout.ts";
import { runningDaemon } from "../lib/mount/lock.ts";
import { type PathStory, whyPath } from "../lib/mount/why.ts";
import { type CommandContext, type CommandResult, command } from "./_command.ts";
import {
  findMirror,
  type LocalMirror,
  MIRROR_ARGS,
  mirrorAround,
  mountWorld,
  privateStateOf,
  requireMirror,
  startCommand,
  stateOf,
  statePlaceOf,
} from "./_mount.ts";

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
      description: "The file: a local path, or one below the mirror",
    },
    ...MIRROR_ARGS,
  },
  examples: [["relayfile why docs/plan.md", "did my save arrive, and if not, why?"]],
  run: async (args, context) => {
    const { fs, host } = context.ports;
    const asked = absolutePath(args.path, host.cwd);
    // A path inside some mirror is about that mirror, whichever one is registered.
    const around =
      args.mount === undefined && args.workspace === undefined ? mirrorAround(context, asked) : null;
    const mirror = await findMirror(around === null ? args : { mount: around }, context);
    const { dir, layout } = requireMirror(mirror);
    const remoteRoot = stateOf(mirror)?.remoteRoot ?? "/";
    const isInside = asked === dir || asked.startsWith(`${dir}/`);
    // What is no local path may be one that another command printed: remote, or below the mirror.
    const rel = isInside ? asked.slice(dir.length + 1) : belowMirror(args.path, remoteRoot);
    if (rel === "") fail("usage", "a path below the mirror is needed");
    const world = await mountWorld(context);
    const { database } = privateStateOf(mirror, context, world.sha256);
    const story = whyPath(
      world,
      {
        dir,
        layout,
        remoteRoot,
        index: database,
        workspace: mirror.name ?? mirror.workspaceId ?? "WORKSPACE",
        start: startCommand(mirror),
        state: stateOf(mirror),
        running: runningDaemon(world, dir) !== null,
        writebackBytesMax: uploadLimit(mirror, context),
      },
      rel,
    );
    const isElsewhere = args.path.startsWith("/") && !isInside;
    if (isElsewhere && (fs.lstat(asked) !== null || story.state === "unknown")) {
      fail("not_found", `${asked} is in no mirror`, {
        path: asked,
        hint: `Give a path below ${dir}, or name another mirror: relayfile why PATH --mount DIR`,
      });
    }
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

/** The path below the mirror that a remote path, or one relative to the mirror, names. */
function belowMirror(path: string, remoteRoot: string): string {
  const prefix = `${remoteRoot === "/" ? "" : remoteRoot}/`;
  if (path.startsWith(prefix)) return path.slice(prefix.length);
  return absolutePath(path, "/").slice(1);
}

/** What a daemon started like this command would send at most. */
function uploadLimit(mirror: LocalMirror, context: CommandContext): MountConfig["writebackBytesMax"] {
  const identity = {
    workspaceId: mirror.workspaceId ?? "",
    localRoot: mirror.dir ?? "",
    remoteRoot: "/",
    server: mirror.target.fileApiUrl,
    ...statePlaceOf(mirror, context),
    scopes: null,
  };
  return mountConfig(identity, {}, context.ports.host.env, context.ports.log).writebackBytesMax;
}
