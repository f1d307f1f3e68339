/** The root invariant and what happens when it breaks: nothing is sent, one incident is written (spec mount-daemon 4.2). */
import { fail } from "../errors.ts";
import type { MountState } from "../model/mount-state.ts";
import { type RootProblem, rootProblem } from "../sync/safety.ts";
import type { MountConfig } from "./config.ts";
import type { Engine } from "./engine.ts";
import { artifactStamp, timestamp } from "./layout.ts";
import type { MountWorld } from "./world.ts";

/** Looks at the root; on a change to broken writes one incident. True while the root is a real directory. */
export function checkRoot(engine: Engine): boolean {
  const problem = rootProblem(engine.world.fs.lstat(engine.config.localRoot));
  noteArea(engine);
  if (problem === engine.health.rootProblem) return problem === null;
  engine.health.rootProblem = problem;
  engine.wake.state.call();
  if (problem === null) {
    engine.world.log.info("mount root is back");
    return true;
  }
  engine.world.log.error("mount root invariant broken", { root: engine.config.localRoot, found: problem });
  writeIncident(engine.world, engine.config, problem);
  return false;
}

/**
 * A root without its runtime area is not the one that was mounted: a file system that was taken away leaves an empty
 * directory. When it is back nobody has watched it, so it is walked.
 */
function noteArea(engine: Engine): void {
  const gone = !hasRuntimeArea(engine);
  if (engine.wanted.area && !gone) {
    engine.wanted.walk = true;
    engine.wake.local.call();
  }
  engine.wanted.area = gone;
}

/** True while the runtime area exists: without it an empty mirror says nothing about a person's wish. */
export function hasRuntimeArea(engine: Engine): boolean {
  return engine.world.fs.lstat(engine.layout.area)?.kind === "directory";
}

/**
 * Checks the root before a mount starts. A missing root is a first mount when its parent is a directory and no earlier
 * mount is known; anything that is not a directory is refused, or moved aside when a person said so.
 */
export function prepareRoot(
  world: MountWorld,
  config: MountConfig,
  known: { readonly trackedFiles: number },
): { readonly restored: boolean } {
  const { fs } = world;
  const root = config.localRoot;
  const problem = rootProblem(fs.lstat(root));
  if (problem === null) return { restored: false };
  const parent = root.slice(0, root.lastIndexOf("/")) || "/";
  const hint = "Look at the path; then repeat with --reset-after-clobber";
  if (problem === "other") {
    fail("mount_root_broken", `mount root ${root} is neither a directory nor a file`, {
      root,
      problem,
      hint: "Choose another directory",
    });
  }
  if (problem !== "missing") {
    if (!config.resetAfterClobber) {
      writeIncident(world, config, problem);
      fail("mount_root_broken", `mount root ${root} is a ${problem.replace("_", " ")}, not a directory`, {
        root,
        problem,
        hint,
      });
    }
    const aside = `${root}.clobbered-${artifactStamp(world.clock.now())}`;
    fs.rename(root, aside);
    world.log.warn("what was in place of the mount root was moved aside", { from: root, to: aside });
  } else if (known.trackedFiles > 0 && !config.resetAfterClobber) {
    fail(
      "mount_root_broken",
      `mount root ${root} is gone, and ${known.trackedFiles} files were mirrored there before`,
      {
        root,
        problem,
        hint: "Restore it from the server with --reset-after-clobber; nothing was deleted there",
      },
    );
  }
  if (fs.lstat(parent)?.kind !== "directory") {
    fail("mount_root_broken", `the parent of the mount root, ${parent}, is not a directory`, {
      root,
      hint: `mkdir -p ${parent}`,
    });
  }
  fs.makeDir(root);
  return { restored: problem !== "missing" || known.trackedFiles > 0 };
}

/** Where an incident goes: the runtime area while the root is a directory, else the private state directory. */
function writeIncident(world: MountWorld, config: MountConfig, problem: RootProblem): void {
  const at = world.clock.now();
  const text = [
    `# Mount root incident ${timestamp(at)}`,
    "",
    `- root: \`${config.localRoot}\``,
    "- invariant: the mount root exists and is a real directory",
    `- found: ${problem}`,
    "",
    problem === "missing"
      ? "The directory is gone. Nothing was deleted on the server. Put it back, or run `relayfile mount` with `--reset-after-clobber` to mirror the workspace again."
      : "Something else is in place of the directory. Nothing was deleted on the server. Look at it, then run `relayfile mount` with `--reset-after-clobber`: it is moved aside, never removed.",
    "",
  ].join("\n");
  const isDirectory = world.fs.lstat(config.localRoot)?.kind === "directory";
  const place = isDirectory ? `${config.localRoot}/.relay` : config.stateDir;
  try {
    world.fs.makeDir(place);
    world.fs.writeFile(`${place}/INCIDENT-${artifactStamp(at)}.md`, new TextEncoder().encode(text));
  } catch (error) {
    world.log.error("the incident could not be written down", { reason: String(error) });
  }
}

/** Workspace of a public state found in a mount, when it names another one than asked for. */
export function foreignWorkspace(previous: MountState | null, workspaceId: string): string | null {
  const found = previous?.workspaceId;
  return found !== undefined && found !== "" && found !== workspaceId ? found : null;
}
