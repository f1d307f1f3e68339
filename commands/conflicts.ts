/** `relayfile conflicts`: files that changed on both sides, with both versions, and how to settle them. */
import { fail } from "../lib/errors.ts";
import { type ConflictArtifact, listConflicts } from "../lib/mount/conflicts.ts";
import type { RuntimeLayout } from "../lib/mount/layout.ts";
import { askMount } from "./_ask.ts";
import { type CommandResult, command } from "./_command.ts";
import { findMirror, MIRROR_ARGS, mountWorld, requireMirror } from "./_mount.ts";

export default command({
  name: "conflicts",
  description: "List files that changed on both sides, or settle one",
  args: {
    ws: {
      type: "positional",
      valueHint: "WS",
      description: "Workspace; may be left out when one is current",
    },
    ...MIRROR_ARGS,
    path: {
      type: "string",
      valueHint: "PATH",
      description: "The file to settle, below the mirror or remote",
    },
    keep: { type: "enum", options: ["local", "remote", "both"], description: "Which version stays" },
  },
  examples: [
    ["relayfile conflicts", "both versions of every conflict"],
    ["relayfile conflicts --path docs/a.md --keep local", "my version wins and is sent"],
  ],
  run: async (args, context) => {
    const mirror = await findMirror(args, context);
    const { dir, layout } = requireMirror(mirror);
    const world = await mountWorld(context);
    if (args.keep !== undefined) {
      if (args.path === undefined)
        fail("usage", "--keep needs --path", { hint: "relayfile conflicts --path FILE --keep local" });
      const keep = args.keep as "local" | "remote" | "both";
      const value = await askMount(mirror, { kind: "resolve", path: args.path, keep }, context);
      return {
        document: {
          schemaVersion: "1.0",
          kind: "relayfile.conflict-resolved",
          workspaceId: mirror.workspaceId,
          ...(value as object),
        } as CommandResult["document"],
        exit: "PASS",
      };
    }
    const wanted = args.path?.replace(/^\//, "");
    const conflicts = listConflicts({ world, layout: layout as RuntimeLayout })
      .filter((artifact) => wanted === undefined || artifact.rel === wanted)
      .map((artifact) => describe(artifact));
    return {
      document: {
        schemaVersion: "1.0",
        kind: "relayfile.conflicts",
        workspaceId: mirror.workspaceId,
        localDir: dir,
        conflicts,
      } as CommandResult["document"],
      exit: conflicts.length > 0 ? "FINDINGS" : "PASS",
    };

    function describe({ file, rel, revision }: ConflictArtifact) {
      const current = `${dir}/${rel}`;
      const hashOf = (path: string) =>
        world.fs.lstat(path)?.kind === "file" ? world.sha256(world.fs.readFile(path)) : null;
      return {
        path: rel,
        baseRevision: revision,
        mine: { file, hash: hashOf(file) },
        current: { file: current, hash: hashOf(current) },
        next: { argv: ["relayfile", "conflicts", "--path", rel, "--keep", "local"], safe: false },
      };
    }
  },
});
