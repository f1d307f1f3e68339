/** A process that writes to a workspace until it is killed, and says on stdout what was acknowledged. Argument: a directory. */
import { diskBodyStore } from "../../lib/runtime/bun/body-store.ts";
import { bunClock } from "../../lib/runtime/bun/clock.ts";
import { SILENT_LOG } from "../../lib/runtime/bun/ports.ts";
import { bunRandom } from "../../lib/runtime/bun/random.ts";
import { openDatabase } from "../../lib/runtime/bun/sqlite.ts";
import { webSha256 } from "../../lib/service/workspace/context.ts";
import { WorkspaceObject } from "../../lib/service/workspace-object.ts";
import { noProviders } from "./workspace.ts";

const directory = process.argv[2] ?? "";
const workspace = await WorkspaceObject.open("rw_crash000", {
  db: openDatabase(`${directory}/w.db`),
  bodies: diskBodyStore(`${directory}/bodies`),
  clock: bunClock(),
  random: bunRandom(),
  log: SILENT_LOG,
  sha256: webSha256,
  pipeline: noProviders(),
  wake: () => {},
});

/** Small and large bodies, new and repeated paths, deletes in between. */
async function write(worker: number): Promise<never> {
  for (let n = 0; ; n++) {
    const removes = n % 11 === 10;
    const path = `/w${worker}/f${(removes ? n - 1 : n) % 23}`;
    const text = `${process.pid} ${worker} ${n} `.padEnd(n % 5 === 0 ? 90_000 : 50, "x");
    const common = { path, ifMatch: "*", correlationId: `${process.pid}-${worker}-${n}` };
    const accepted = removes
      ? await workspace.deleteFile(common)
      : await workspace.putFile({
          ...common,
          bytes: new TextEncoder().encode(text),
          contentType: "t",
          identity: null,
        });
    const content = removes ? "" : text.slice(0, 30);
    process.stdout.write(`${JSON.stringify({ path, revision: accepted.op.revision, content })}\n`);
  }
}

await Promise.all([0, 1, 2, 3].map(write));
