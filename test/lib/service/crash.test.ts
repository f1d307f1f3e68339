/** Killing the process under write load. `RELAYFILE_KILL_ROUNDS` sets how often. */
import { expect, test } from "bun:test";
import { sha256Hex } from "../../../lib/model/sha256.ts";
import { diskBodyStore } from "../../../lib/runtime/bun/body-store.ts";
import { bunClock } from "../../../lib/runtime/bun/clock.ts";
import { SILENT_LOG } from "../../../lib/runtime/bun/ports.ts";
import { bunRandom } from "../../../lib/runtime/bun/random.ts";
import { openDatabase } from "../../../lib/runtime/bun/sqlite.ts";
import { webSha256 } from "../../../lib/service/workspace/context.ts";
import { WorkspaceObject } from "../../../lib/service/workspace-object.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { noProviders } from "../../support/workspace.ts";

interface Acknowledged {
  readonly path: string;
  readonly revision: string;
  readonly content: string;
}

const rounds = Number(process.env.RELAYFILE_KILL_ROUNDS ?? 4);
const number = (revision: string) => Number(revision.slice("rev_".length));

async function killedWriter(directory: string, lines: number): Promise<Acknowledged[]> {
  const script = `${import.meta.dir}/../../support/crash-writer.ts`;
  const child = Bun.spawn([process.execPath, script, directory], { stdout: "pipe", stderr: "inherit" });
  let text = "";
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk);
    if (text.split("\n").length > lines) child.kill("SIGKILL");
  }
  await child.exited;
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Acknowledged);
}

async function open(directory: string): Promise<WorkspaceObject> {
  return WorkspaceObject.open("rw_crash000", {
    db: openDatabase(`${directory}/w.db`),
    bodies: diskBodyStore(`${directory}/bodies`),
    clock: bunClock(),
    random: bunRandom(),
    log: SILENT_LOG,
    sha256: webSha256,
    pipeline: noProviders(),
    wake: () => {},
  });
}

test(
  "every acknowledged write survives SIGKILL, every event has its state, revisions never repeat",
  async () => {
    using dir = tempDir("relayfile-crash-");
    const seen = new Set<string>();
    let highest = 0;
    for (let round = 0; round < rounds; round++) {
      const acknowledged = await killedWriter(dir.path, 60 + ((round * 97) % 300));
      expect(acknowledged.length).toBeGreaterThan(50);
      for (const { revision } of acknowledged) {
        expect(seen.has(revision)).toBe(false);
        seen.add(revision);
      }
      expect(Math.min(...acknowledged.map(({ revision }) => number(revision)))).toBeGreaterThan(highest);
      const workspace = await open(dir.path);
      const { sql } = workspace.context.store;
      const last = new Map(acknowledged.map((one) => [one.path, one]));
      for (const one of last.values()) await expectKept(workspace, one);
      const events = sql.all<{ path: string; revision: string; type: string }>(
        "SELECT path, revision, type FROM events WHERE seq IN (SELECT MAX(seq) FROM events GROUP BY path)",
      );
      for (const event of events) {
        const row = sql.all<{ revision: number }>("SELECT revision FROM files WHERE path = ?", [
          event.path,
        ])[0];
        expect(row === undefined ? "file.deleted" : `rev_${row.revision}`).toBe(
          event.type === "file.deleted" ? "file.deleted" : event.revision,
        );
      }
      const untold = sql.all(
        `SELECT path FROM files f WHERE NOT EXISTS
           (SELECT 1 FROM events e WHERE e.path = f.path AND e.revision = 'rev_' || f.revision)`,
      );
      expect(untold).toEqual([]);
      const unmade = sql.all("SELECT seq FROM operations WHERE seq > (SELECT op FROM counters WHERE id = 1)");
      expect(unmade).toEqual([]);
      const [counted] = sql.all<{ n: number }>("SELECT COUNT(*) AS n FROM files");
      const [root] = sql.all<{ files: number }>("SELECT files FROM dirs WHERE path = '/'");
      expect(root?.files).toBe(counted?.n);
      highest = workspace.context.store.latest("revision");
      await workspace.close();
    }
  },
  Math.max(300_000, rounds * 20_000),
);

/** The file shows the acknowledged version or a later one that was not acknowledged any more. */
async function expectKept(workspace: WorkspaceObject, one: Acknowledged): Promise<void> {
  const { sql } = workspace.context.store;
  const [row] = sql.all<{ revision: number }>("SELECT revision FROM files WHERE path = ?", [one.path]);
  if (row === undefined) {
    const later = sql.all(
      "SELECT 1 FROM events WHERE path = ? AND type = 'file.deleted' AND CAST(substr(revision, 5) AS INTEGER) >= ?",
      [one.path, number(one.revision)],
    );
    expect(later.length).toBeGreaterThan(0);
    return;
  }
  expect(row.revision).toBeGreaterThanOrEqual(number(one.revision));
  const file = await workspace.readFile(one.path);
  if (row.revision === number(one.revision)) expect(file.content.slice(0, 30)).toBe(one.content);
  // Acknowledged or not: what the row names is what the body holds, to the last byte.
  expect(sha256Hex(file.content)).toBe(file.contentHash ?? "");
}
