/**
 * What stands where the daemon keeps its own things. A link would lead its writes out of the mount and a directory would
 * stop them, so both are set aside before anything is opened; what they were is kept for a person to look at.
 */
import { fail } from "../errors.ts";
import type { FileStat } from "../ports.ts";
import { artifactStamp, type RuntimeLayout } from "./layout.ts";
import type { MountWorld } from "./world.ts";

/**
 * Makes sure that the runtime area and its parts are what they must be or are not there. Fails with `mount_root_broken`
 * when the area itself is something else: whatever replaced it, a person must decide about.
 */
export function clearArea(world: MountWorld, layout: RuntimeLayout): void {
  const area = world.fs.lstat(layout.area);
  if (area === null) return;
  if (area.kind !== "directory") {
    fail("mount_root_broken", `${layout.area} is a ${area.kind}, not a directory`, {
      path: layout.area,
      hint: `Move it away, then mount again: mv ${layout.area} ${layout.area}.old`,
    });
  }
  const outbox = ["pending", "acked", "failed", "attention"].map((name) => `${layout.outbox}/${name}`);
  for (const path of [layout.outbox, ...outbox, layout.deadLetters, layout.conflicts, layout.resolved])
    expect(world, path, "directory");
  for (const path of [layout.pendingDeletes, layout.staging]) expect(world, path, "directory");
  for (const path of [layout.state, layout.capabilities, layout.denials, layout.pid, layout.lock])
    expect(world, path, "file");
  expect(world, layout.legacyState, "file", `${layout.area}/legacy-state`);
  for (const path of [...outbox, layout.deadLetters, layout.pendingDeletes]) expectRecords(world, path);
}

/** A directory with the name of a record would stop the record that gets this name. */
function expectRecords(world: MountWorld, directory: string): void {
  if (world.fs.lstat(directory) === null) return;
  for (const { name, kind } of world.fs.readDir(directory))
    if (kind === "directory" && /\.(json|marker)$/.test(name)) expect(world, `${directory}/${name}`, "file");
}

/** The same for the private state of a mount. */
export function clearState(world: MountWorld, stateDir: string, databaseFile: string): void {
  expect(world, `${stateDir}/running`, "file");
  for (const suffix of ["", "-wal", "-shm"]) expect(world, `${databaseFile}${suffix}`, "file");
}

/** Keeps a damaged or misplaced entry for a person to look at, under a name beside `keepAs`. */
export function setAside(world: MountWorld, path: string, reason: string, keepAs = path): void {
  if (world.fs.lstat(path) === null) return;
  const stamp = artifactStamp(world.clock.now());
  let aside = `${keepAs}.damaged-${stamp}`;
  for (let n = 2; world.fs.lstat(aside) !== null; n++) aside = `${keepAs}.damaged-${stamp}-${n}`;
  world.fs.rename(path, aside);
  world.log.warn("a damaged state file was moved aside", { file: path, aside, reason });
}

function expect(world: MountWorld, path: string, kind: FileStat["kind"], keepAs?: string): void {
  const found = world.fs.lstat(path)?.kind ?? kind;
  if (found !== kind) setAside(world, path, `a ${found} where a ${kind} belongs`, keepAs);
}
