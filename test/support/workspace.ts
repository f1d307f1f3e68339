/** A workspace object over a real database in a temporary directory, without providers, network or HTTP. */
import type { Clock } from "../../lib/ports.ts";
import { diskBodyStore } from "../../lib/runtime/bun/body-store.ts";
import { bunClock } from "../../lib/runtime/bun/clock.ts";
import { SILENT_LOG } from "../../lib/runtime/bun/ports.ts";
import { bunRandom } from "../../lib/runtime/bun/random.ts";
import { openDatabase } from "../../lib/runtime/bun/sqlite.ts";
import type { Pipeline } from "../../lib/service/pipeline.ts";
import { webSha256 } from "../../lib/service/workspace/context.ts";
import { WorkspaceObject } from "../../lib/service/workspace-object.ts";
import { tempDir } from "./temp-dir.ts";

/** A pipeline without providers; anything may be replaced. */
export function noProviders(overrides: Partial<Pipeline> = {}): Pipeline {
  return {
    catalog: [],
    idOf: () => null,
    providerOf: () => "",
    canExecute: () => false,
    connectProblem: () => null,
    ingest: async () => ({ status: "not_applicable", written: [], deleted: [] }),
    applyRecords: async (_tree, { records }) => ({
      applied: 0,
      deleted: 0,
      unchanged: records.length,
      stale: 0,
      rejected: 0,
      rejects: [],
      written: [],
      removed: [],
    }),
    hasModel: () => false,
    hasSchema: () => false,
    modelsOf: () => [],
    readSource: () => ({ kind: "not_applicable", reason: "no source" }),
    syncSource: async () => ({ records: 0, applied: 0, deleted: 0, stale: 0, refused: [] }),
    sweepReceipts: async () => [],
    materialize: async () => {},
    initialSync: async () => 0,
    refresh: async (_tree, provider) => ({ provider, errors: 0 }),
    execute: async () => ({ outcome: "failed", error: "no provider" }),
    timeZone: "UTC",
    timeZoneWarning: null,
    digestClause: () => ({ sql: "1", params: [] }),
    isInternal: () => false,
    digestNameOf: () => null,
    ...overrides,
  };
}

/** A workspace that removes its files when it is closed. `woken` collects wishes for due work. */
export async function testWorkspace(options: { pipeline?: Partial<Pipeline>; clock?: Clock } = {}) {
  const dir = tempDir("relayfile-workspace-");
  const woken: number[] = [];
  const workspace = await WorkspaceObject.open("rw_test0000", {
    db: openDatabase(dir.join("w.db")),
    bodies: diskBodyStore(dir.join("bodies")),
    clock: options.clock ?? bunClock(),
    random: bunRandom(),
    log: SILENT_LOG,
    sha256: webSha256,
    pipeline: noProviders(options.pipeline),
    wake: (atMs) => void woken.push(atMs),
  });
  const close = async () => {
    await workspace.close();
    dir.remove();
  };
  return { workspace, woken, [Symbol.asyncDispose]: close };
}
