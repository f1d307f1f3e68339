/**
 * Plants one bug at a time in a copy of the mount and asks whether the simulation notices within a number of schedules.
 * A mutant that survives means that the oracle is blind there.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** One bug. Where two guards cover each other, both are removed: `also`. */
interface Mutant extends Edit {
  readonly name: string;
  readonly also?: Edit;
}

/** The planted bugs: removed guards and plausible slips. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "a retried upload gets a new identity",
    file: "lib/mount/outbox.ts",
    find: "key: record.commandId, ttlSeconds",
    replace: "key: record.commandId + Math.random(), ttlSeconds",
    also: {
      file: "lib/mount/resolve.ts",
      find: "if (file.hash === record.hash) {",
      replace: "if (false) {",
    },
  },
  {
    name: "an upload overwrites without a base revision",
    file: "lib/mount/push.ts",
    find: "ifMatch: record.expectedRevision ?? ABSENT_REVISION",
    replace: 'ifMatch: "*"',
  },
  {
    name: "a conflict overwrites the local bytes without an artifact",
    file: "lib/mount/apply.ts",
    find: "conflictArtifact(engine, rel, step.baseRevision)",
    replace: "null",
  },
  {
    name: "a save that replaced a lost one is taken for a conflict",
    file: "lib/mount/resolve.ts",
    find: "if (record.supersedes?.includes(file.hash)) {",
    replace: "if (false) {",
  },
  {
    name: "a record counts as done when it was only sent",
    file: "lib/mount/push.ts",
    find: "for (const item of batch) retryLater(engine, item, whole);",
    replace: 'for (const item of batch) engine.outbox.ack(item.record.commandId, "sent");',
  },
  {
    name: "one listing without a file deletes it",
    file: "lib/mount/absences.ts",
    find: "for (const entry of missing) observeAbsent(engine, entry, observed);",
    replace:
      'for (const entry of missing) applyRemote(engine, new Map([[entry.remotePath, { kind: "absent" }]]));',
    also: {
      file: "lib/mount/absences.ts",
      find: 'import { clearReappeared, observeAbsent } from "./tombstones.ts";',
      replace:
        'import { applyRemote } from "./apply.ts";\nimport { clearReappeared, observeAbsent } from "./tombstones.ts";',
    },
  },
  {
    name: "the cursor moves before the events are applied",
    file: "lib/mount/pull.ts",
    find: "await applyEvents(engine, page.events, signal);",
    replace:
      'moveCursor(engine, page.nextCursor ?? page.events.at(-1)?.eventId ?? from ?? ""); await applyEvents(engine, page.events, signal);',
  },
  {
    name: "a file that is back is still deleted on the server",
    file: "lib/mount/deletes.ts",
    find: 'if (there !== null && there.kind !== "directory") {',
    replace: "if (false) {",
    also: {
      file: "lib/mount/examine.ts",
      find: "if (entry?.deletePending) takeBackDelete(engine, path);",
      replace: "",
    },
  },
  {
    name: "a missing file at start counts as deleted by a person",
    file: "lib/sync/local-change.ts",
    find: 'if (!facts.polling) return { kind: "restore" };',
    replace: 'if (!facts.polling) return { kind: "delete" };',
  },
  {
    name: "the disk is not checked again before a rename",
    file: "lib/mount/stage.ts",
    find: 'if (!sameFile(now, expect)) return { kind: "changed" };',
    replace: "",
    also: {
      file: "lib/mount/stage.ts",
      find: "if (isExpected(context, temporary, replaces, placement.expectHash)) {",
      replace: "if (true) {",
    },
  },
  {
    name: "pending records of an earlier run are forgotten",
    file: "lib/mount/outbox.ts",
    find: "if (parsed?.success && parsed.data.content !== undefined) {",
    replace: "if (parsed?.success && parsed.data.content === undefined) {",
  },
  {
    name: "a local change after a remote delete is dropped with it",
    file: "lib/sync/reconcile.ts",
    find: 'if (remote === null) return { kind: "recreate" };',
    replace: 'if (remote === null) return { kind: "remove" };',
  },
  {
    name: "a remote change of a file removed here is ignored",
    file: "lib/mount/deletes.ts",
    find: "engine.stale.add(path);\n    engine.wake.pull.call();\n    return null;",
    replace: "return null;",
  },
  {
    name: "nothing is scanned at the start",
    file: "lib/mount/daemon.ts",
    find: "if (first && complete) local.requestScan();",
    replace: "",
  },
  {
    name: "a delete of a listing is final although the read finds the file",
    file: "lib/mount/tombstones.ts",
    find: "applyRemote(engine, new Map([[tombstone.path, state]]));",
    replace: 'applyRemote(engine, new Map([[tombstone.path, { kind: "absent" }]]));',
  },
];

/** What a mutant changes. */
export function editsOf({ file, find, replace, also }: Mutant): Edit[] {
  return [{ file, find, replace }, ...(also ? [also] : [])];
}

if (import.meta.main) {
  const [schedules = "1000", wanted = ""] = process.argv.slice(2);
  let survivors = 0;
  for (const mutant of MUTANTS.filter(({ name }) => name.includes(wanted)))
    if (!isFound(mutant, schedules)) survivors++;
  process.exit(survivors === 0 ? 0 : 1);
}

/** Plants one bug and runs schedules until one fails; says how it went. A run that breaks counts as found. */
function isFound(mutant: Mutant, schedules: string): boolean {
  const root = dirname(dirname(import.meta.dir));
  const copy = mkdtempSync(join(tmpdir(), "relayfile-mutant-"));
  try {
    mkdirSync(join(copy, "test"));
    for (const folder of ["lib", "test/support", "test/sim"])
      cpSync(join(root, folder), join(copy, folder), { recursive: true });
    for (const file of ["package.json", "tsconfig.json", "bunfig.toml"])
      cpSync(join(root, file), join(copy, file));
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    for (const { file, find, replace } of editsOf(mutant)) {
      const path = join(copy, file);
      const before = readFileSync(path, "utf8");
      if (!before.includes(find)) throw new Error(`${file} does not contain: ${find}`);
      writeFileSync(
        path,
        before.replace(find, () => replace),
      );
    }
    const startedMs = performance.now();
    const run = Bun.spawnSync([process.execPath, "test/sim/until-failure.ts", schedules], { cwd: copy });
    const seed = /failed at seed (\d+)/.exec(run.stdout.toString())?.[1];
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
    const crashed = run.exitCode !== 0 && seed === undefined;
    const verdict = seed !== undefined ? `found at schedule ${seed}` : crashed ? "broke the run" : "SURVIVED";
    process.stdout.write(`${verdict.padEnd(24)} ${seconds.padStart(6)} s  ${mutant.name}\n`);
    return seed !== undefined || crashed;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
