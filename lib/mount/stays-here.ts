/** What lies in the mirror and never goes up: too large, a name that the server cannot have, a link. */
import { comparePaths } from "../model/path.ts";
import { type RelativeRemotePath, relativePathProblem } from "../sync/remote-path.ts";
import { upExclusion } from "../sync/uploadable.ts";
import type { Engine } from "./engine.ts";
import type { LocalState } from "./mirror.ts";

/** Why a file stays. What is left out by rule, such as `.git`, is not among them. */
export type Staying = "size" | "name" | "link";

/** What the public state tells of them. */
export interface LocalOnly {
  readonly files: number;
  readonly tooLarge: number;
  readonly unnamable: number;
  readonly links: number;
  /** The first few, by path below the mirror. */
  readonly examples: readonly string[];
}

const EXAMPLES_MAX = 5;
/** What stands for bytes that are no text: the name cannot be said, nor the file opened by it. */
const NO_TEXT = "\ufffd";

/** Notes what a look at a path told; called for every path that is looked at. */
export function noteStaying(
  engine: Engine,
  rel: RelativeRemotePath,
  local: LocalState,
  isOversize: boolean,
): void {
  // By its name nobody finds it: only a walk can say that it went.
  if (local.kind === "absent" && rel.includes(NO_TEXT)) return;
  const isLink =
    local.kind === "blocked" && local.problem === "target_not_regular" && isLinkToTell(engine, rel);
  set(engine, rel, isOversize ? "size" : isLink ? "link" : null);
}

/** Notes a path that no remote name can stand for, or that it is gone. */
export function noteUnnamable(engine: Engine, rel: string): void {
  set(engine, rel, engine.world.fs.lstat(`${engine.mirror.root}/${rel}`)?.kind === "file" ? "name" : null);
}

/** What a walk met: begins empty, and `done` puts it in place of what was known. Sizes are told by the looks that follow. */
export function stayingMet(engine: Engine): { meet(rel: string, kind: string): void; done(): void } {
  const met = new Map<string, Staying>();
  return {
    meet(rel, kind) {
      const isUnnamable = kind === "file" && (rel.includes(NO_TEXT) || relativePathProblem(rel) !== null);
      if (isUnnamable && (!rel.includes(NO_TEXT) || isUnreachable(engine, rel))) met.set(rel, "name");
      else if (kind === "symlink" && isLinkToTell(engine, rel)) met.set(rel, "link");
    },
    done() {
      engine.health.staysHere.clear();
      for (const [rel, why] of met) engine.health.staysHere.set(rel, why);
      engine.wake.state.call();
    },
  };
}

/** Counts for people, or null when everything goes up. */
export function localOnly({ health }: Engine): LocalOnly | null {
  if (health.staysHere.size === 0) return null;
  const counts = { size: 0, name: 0, link: 0 };
  for (const why of health.staysHere.values()) counts[why]++;
  return {
    files: health.staysHere.size,
    tooLarge: counts.size,
    unnamable: counts.name,
    links: counts.link,
    examples: [...health.staysHere.keys()].sort(comparePaths).slice(0, EXAMPLES_MAX),
  };
}

function set(engine: Engine, rel: string, why: Staying | null): void {
  const { staysHere } = engine.health;
  if (staysHere.get(rel) === (why ?? undefined)) return;
  if (why === null) staysHere.delete(rel);
  else staysHere.set(rel, why);
  engine.wake.state.call();
}

/** Links that editors make for a moment are nobody's files. */
function isLinkToTell(engine: Engine, rel: string): boolean {
  if (upExclusion(rel as RelativeRemotePath, false, engine.names) !== null) return false;
  return engine.world.fs.lstat(`${engine.mirror.root}/${rel}`)?.kind === "symlink";
}

function isUnreachable(engine: Engine, rel: string): boolean {
  return engine.world.fs.lstat(`${engine.mirror.root}/${rel}`) === null;
}
