/** Conflict artifacts: the losing local bytes, named so that the path and revision can be read back (spec 1.1, 3.6). */
import { localComponent } from "../sync/names.ts";
import type { Engine } from "./engine.ts";
import { artifactStamp } from "./layout.ts";
import { parentDirectory } from "./stage.ts";

/** One artifact on disk. */
export interface ConflictArtifact {
  /** Absolute path of the artifact. */
  readonly file: string;
  /** Path below the mount root it belongs to. */
  readonly rel: string;
  /** Revision the local edit was based on: `0` for a create, `invalid` for a schema refusal. */
  readonly revision: string;
}

/** A free artifact name for a losing edit of `rel` based on `revision`. A second one at one base gets `-2`, and so on. */
export function conflictArtifact(engine: Engine, rel: string, revision: string): string {
  const safe = revision === "" ? "unknown" : revision.replaceAll("/", "_");
  for (let n = 1; ; n++) {
    const file = artifactName(engine, rel, `${n === 1 ? safe : `${safe}-${n}`}.local`);
    if (engine.world.fs.lstat(file) === null) return file;
  }
}

/** A free artifact name for bytes that failed schema validation. */
export function invalidArtifact(engine: Engine, rel: string): string {
  const stamp = artifactStamp(engine.now());
  for (let n = 1; ; n++) {
    const file = artifactName(engine, rel, `invalid.${n === 1 ? stamp : `${stamp}-${n}`}`);
    if (engine.world.fs.lstat(file) === null) return file;
  }
}

/** A free name for local bytes of a path that may not be written: kept where nobody has to act on them. */
export function revertedArtifact(engine: Engine, rel: string): string {
  const stamp = artifactStamp(engine.now());
  for (let n = 1; ; n++) {
    const slash = rel.lastIndexOf("/");
    const name = localComponent(rel.slice(slash + 1), engine.world.sha256);
    const file = `${engine.layout.resolved}/${rel.slice(0, slash + 1)}${name}.reverted.${stamp}${n === 1 ? "" : `-${n}`}`;
    if (engine.world.fs.lstat(file) === null) return file;
  }
}

/** Artifacts that wait for a person, sorted by file; `resolved/` is not among them. */
export function listConflicts(engine: Pick<Engine, "world" | "layout">): ConflictArtifact[] {
  const { fs } = engine.world;
  const found: ConflictArtifact[] = [];
  const walk = (directory: string, rel: string) => {
    if (fs.lstat(directory)?.kind !== "directory") return;
    for (const { name, kind } of fs.readDir(directory)) {
      const file = `${directory}/${name}`;
      if (kind === "directory") {
        if (file !== engine.layout.resolved) walk(file, `${rel}${name}/`);
        continue;
      }
      const match = /^(.*)\.([^.]+)\.local$/.exec(name) ?? /^(.*)\.(invalid)\.[^.]+$/.exec(name);
      if (match)
        found.push({ file, rel: rel + match[1], revision: (match[2] as string).replace(/-\d+$/, "") });
    }
  };
  walk(engine.layout.conflicts, "");
  return found.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Moves the artifacts of a path to `resolved/`: a later save of it was accepted. */
export function resolveConflicts(engine: Engine, rel: string): void {
  const { fs } = engine.world;
  const directory = parentDirectory(`${engine.layout.conflicts}/${rel}`);
  if (fs.lstat(directory)?.kind !== "directory") return;
  const name = localComponent(rel.slice(rel.lastIndexOf("/") + 1), engine.world.sha256);
  for (const entry of fs.readDir(directory)) {
    if (entry.kind !== "file" || !isArtifactOf(entry.name, name)) continue;
    const target = `${engine.layout.resolved}/${rel.slice(0, rel.lastIndexOf("/") + 1)}${entry.name}`;
    fs.makeDir(parentDirectory(target));
    fs.rename(`${directory}/${entry.name}`, target);
  }
}

function isArtifactOf(file: string, name: string): boolean {
  const rest = file.startsWith(`${name}.`) ? file.slice(name.length + 1) : "";
  return /^[^.]+\.local$/.test(rest) || /^invalid\.[^.]+$/.test(rest);
}

function artifactName(engine: Engine, rel: string, suffix: string): string {
  const slash = rel.lastIndexOf("/");
  const name = localComponent(rel.slice(slash + 1), engine.world.sha256);
  return `${engine.layout.conflicts}/${rel.slice(0, slash + 1)}${name}.${suffix}`;
}
