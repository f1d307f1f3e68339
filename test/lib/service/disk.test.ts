/** A disk that is full, a file size limit that is reached, a disk that is read-only: clear errors, nothing damaged, recovery. */
import { describe, expect, test } from "bun:test";
import { bunPorts } from "../../../lib/runtime/bun/ports.ts";
import { startStack } from "../../../lib/runtime/bun/stack.ts";
import { tempDir } from "../../support/temp-dir.ts";

const rounds = Number(process.env.RELAYFILE_DISK_ROUNDS ?? 1);
const script = `${import.meta.dir}/../../support/disk-rounds.ts`;
/** A private view of mounts, with the user's own rights where the kernel allows it. */
const UNSHARE = ["unshare", ...(process.getuid?.() === 0 ? [] : ["--map-root-user"]), "--mount"];
const mounts =
  process.platform === "linux" &&
  Bun.spawnSync([...UNSHARE, "sh", "-c", "mount -t tmpfs -o size=1m none /mnt"], { stderr: "ignore" })
    .exitCode === 0;
const limits = Bun.which("prlimit") !== null;

async function run(words: readonly string[]) {
  const child = Bun.spawn([...words], {
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env.PATH ?? "" },
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`${err}${out}`);
  return JSON.parse(out);
}

// biome-ignore lint/suspicious/noExplicitAny: the report of the child is checked field by field.
function expectSound(report: any): void {
  expect(report.written).toBeGreaterThan(100);
  expect(report.refusals.length).toBeGreaterThan(0);
  for (const refusal of report.refusals) {
    expect(refusal).toEqual({
      status: 500,
      code: "internal_error",
      message: "the service cannot store data",
    });
  }
  expect(report.bulk).toEqual({ status: 500, code: "internal_error" });
  expect(report.bulkEntries).toBe(0);
  expect(report).toMatchObject({
    lostWhileFull: [],
    refusedAfterRoom: [],
    lostAfterRoom: [],
    lostAfterRestart: [],
    integrity: "ok",
    partials: [],
  });
  expect(report.files).toBe(report.acknowledged);
  expect(report.counted).toBe(report.files + report.digests);
}

describe("startStack()", () => {
  test.skipIf(!mounts)(
    "refuses writes on a full disk, keeps what it acknowledged, and goes on when there is room",
    async () => {
      for (let round = 0; round < rounds; round++) {
        using dir = tempDir("relayfile-disk-");
        const sizeMib = 40 + ((round * 7) % 23);
        const shell = `mount -t tmpfs -o size=${sizeMib}m none "$0" && exec "$@"`;
        const words = [
          ...UNSHARE,
          "sh",
          "-c",
          shell,
          dir.path,
          process.execPath,
          script,
          dir.path,
          "ballast",
        ];
        expectSound(await run(words));
      }
    },
    60_000 * rounds,
  );

  test.skipIf(!limits)(
    "refuses writes beyond a limit on file sizes, and goes on when it is lifted",
    async () => {
      for (let round = 0; round < rounds; round++) {
        using dir = tempDir("relayfile-limit-");
        const shell = `trap '' XFSZ; ulimit -S -f ${16_000 + ((round * 997) % 5_000)}; exec "$@"`;
        expectSound(await run(["bash", "-c", shell, "bash", process.execPath, script, dir.path, "limit"]));
      }
    },
    60_000 * rounds,
  );

  test.skipIf(!mounts)("says that a data directory is read-only, and damages nothing", async () => {
    using dir = tempDir("relayfile-ro-");
    const dataDir = dir.join("data");
    const stack = await startStack({ dataDir, ports: bunPorts({ env: {} }) });
    const token = await stack.mint(["fs:read", "fs:write"]);
    const ask = (on: typeof stack, method: string) =>
      on.fetch(
        new Request(`${on.fileApiUrl}/v1/workspaces/${on.workspaceId}/fs/file?path=/a`, {
          method,
          headers: { Authorization: `Bearer ${token}`, "X-Correlation-Id": "t", "If-Match": "*" },
          ...(method === "PUT" ? { body: JSON.stringify({ content: "kept" }) } : {}),
        }),
      );
    expect((await ask(stack, "PUT")).status).toBe(202);
    await stack.stop();
    const shell = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
    const cli = `${import.meta.dir}/../../../cli.ts`;
    const words = [process.execPath, cli, "serve", "--data", dataDir, "--json"];
    const child = Bun.spawn([...UNSHARE, "sh", "-c", shell, dir.path, ...words], {
      stdout: "pipe",
      stderr: "ignore",
    });
    const document = JSON.parse(await new Response(child.stdout).text());
    expect([document.error.code, await child.exited]).toEqual(["io_error", 6]);
    const again = await startStack({ dataDir, ports: bunPorts({ env: {} }) });
    expect(((await (await ask(again, "GET")).json()) as { content: string }).content).toBe("kept");
    await again.stop();
  });
});
