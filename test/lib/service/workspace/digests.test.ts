/** Digests over the end of a process: what it left untold is told by the next one. */
import { describe, expect, test } from "bun:test";
import { diskBodyStore } from "../../../../lib/runtime/bun/body-store.ts";
import { SILENT_LOG } from "../../../../lib/runtime/bun/ports.ts";
import { bunRandom } from "../../../../lib/runtime/bun/random.ts";
import { openDatabase } from "../../../../lib/runtime/bun/sqlite.ts";
import { webSha256 } from "../../../../lib/service/workspace/context.ts";
import { WorkspaceObject } from "../../../../lib/service/workspace-object.ts";
import { FakeClock } from "../../../support/clock.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { noProviders } from "../../../support/workspace.ts";

describe("DigestKeeper", () => {
  test("recover() makes a change due whose digest was never written, and nothing else", async () => {
    using dir = tempDir("relayfile-digests-");
    const clock = new FakeClock();
    const db = openDatabase(dir.join("w.db"));
    const open = () =>
      WorkspaceObject.open("rw_test0000", {
        db,
        bodies: diskBodyStore(dir.join("bodies")),
        clock,
        random: bunRandom(),
        log: SILENT_LOG,
        sha256: webSha256,
        pipeline: noProviders({ providerOf: () => "crm" }),
        wake: () => {},
      });
    const write = (workspace: WorkspaceObject, path: string) =>
      workspace.tree.apply([{ kind: "write", path, bytes: new Uint8Array(1), contentType: "text/plain" }], {
        origin: "agent_write",
        correlationId: "c",
      });
    const digest = async (workspace: WorkspaceObject) =>
      new TextDecoder().decode((await workspace.tree.read("/digests/today.md"))?.bytes);

    const first = await open();
    await write(first, "/crm/one");
    await first.runDue(clock.now());
    await clock.advance(1_000);
    await write(first, "/crm/two");
    // Nothing is closed: this life ends without a word, like a process that is killed or an object that sleeps.
    const second = await open();
    await clock.advance(1_000);
    await second.runDue(clock.now());
    expect(await digest(second)).toContain("/crm/two");
    const told = second.context.store.latest("event");

    const third = await open();
    await clock.advance(60_000);
    expect(await third.runDue(clock.now())).toBeNull();
    expect(third.context.store.latest("event")).toBe(told);
    await db.close();
  });
});
