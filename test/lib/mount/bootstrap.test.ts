import { describe, expect, test } from "bun:test";
import type { BootstrapNews } from "../../../lib/mount/bootstrap.ts";
import { runOnce } from "../../../lib/mount/once.ts";
import { error, frameHead, json } from "../../support/fake-file-api.ts";
import { MountRig, type RigOptions } from "../../support/mount-rig.ts";

const FILES = 2_200;

/** A workspace of small files in nested directories. */
function filled(options: RigOptions = {}, files = FILES): MountRig {
  const rig = new MountRig(options);
  for (let n = 0; n < files; n++) rig.api.put(pathOf(n), `text ${n}\n`);
  return rig;
}

function pathOf(n: number): string {
  return `/d${String(Math.floor(n / 100)).padStart(2, "0")}/f${String(n).padStart(5, "0")}.md`;
}

/** What one pass told about the first copy. */
async function newsOf(rig: MountRig): Promise<{ news: BootstrapNews[]; converged: boolean }> {
  const news: BootstrapNews[] = [];
  const { converged } = await rig.withEngine((engine) => {
    Object.assign(engine.news, { bootstrap: (one: BootstrapNews) => void news.push(one) });
    return runOnce(engine, new AbortController().signal);
  });
  return { news, converged };
}

function asked(rig: MountRig, route: string): number {
  return rig.api.seen("GET", route).length + rig.api.seen("POST", route).length;
}

/** A stream that gives its pieces at once and then stays open. */
function hanging(bytes: Uint8Array<ArrayBuffer>): Response {
  return new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(bytes);
      },
    }),
  );
}

describe("the first copy", () => {
  test("S11: bootstrap completes, beyond the 2,000 files at which others stop, and says how far it is", async () => {
    const rig = filled();
    const { news, converged } = await newsOf(rig);
    expect(converged).toBe(true);
    expect(rig.fs.files(rig.root)).toHaveLength(FILES);
    expect(rig.local(pathOf(17).slice(1))).toBe("text 17\n");
    expect(news.map(({ phase }) => phase)).toEqual(["started", "progress", "progress", "complete"]);
    expect(news.map(({ files }) => files)).toEqual([0, 2_000, FILES, FILES]);
    expect(news.at(-1)).toMatchObject({ total: FILES, bytes: expect.any(Number) });
    expect(rig.relay("state.json")).toMatchObject({ bootstrapComplete: true, status: "ready" });
    expect(rig.relay("state.json").bootstrap).toBeUndefined();
    expect(asked(rig, "/fs/bulk-read")).toBe(0);
    const lines = rig.lines.filter(({ message }) => message === "bootstrap complete");
    expect(lines.map(({ fields }) => fields.files)).toEqual([FILES]);
  });

  test("B4, S11: an interrupted stream goes on behind the last file placed, and nothing is read twice", async () => {
    const rig = filled();
    let served = 0;
    rig.api.intercept = ({ path, query }) => {
      if (!path.endsWith("/fs/export")) return null;
      served++;
      if (served > 1) return null;
      const bytes = rig.api.frames(query);
      return hanging(bytes.slice(0, Math.floor(bytes.byteLength * 0.95)));
    };
    // The process dies while the stream hangs.
    const stop = new AbortController();
    await rig.withEngine(async (engine) => {
      const running = runOnce(engine, stop.signal);
      await rig.clock.advance(1_000);
      stop.abort();
      return running;
    });
    const before = rig.fs.files(rig.root).length;
    expect(before).toBe(2_000);
    const { news, converged } = await newsOf(rig);
    expect(converged).toBe(true);
    const [, second] = rig.api.seen("GET", "/fs/export");
    expect(second?.query.get("after")).toBe(pathOfPlaced(rig, before));
    expect(news[0]).toMatchObject({ phase: "started", files: before });
    expect(news.at(-1)).toMatchObject({ phase: "complete", files: FILES });
    expect(rig.fs.files(rig.root)).toHaveLength(FILES);
  });

  test("B4: an interrupted listing goes on at its page without reading what is here", async () => {
    const rig = filled({}, 1_500);
    rig.api.exportsFrames = false;
    let fail = true;
    rig.api.intercept = ({ path, body }) =>
      fail && path.endsWith("/fs/bulk-read") && body.paths.includes(pathOf(1_200))
        ? error(503, "unavailable", "later")
        : null;
    expect((await newsOf(rig)).converged).toBe(false);
    expect(rig.fs.files(rig.root)).toHaveLength(1_000);
    fail = false;
    const pages = asked(rig, "/fs/tree");
    const { converged } = await newsOf(rig);
    expect(converged).toBe(true);
    expect(rig.api.seen("GET", "/fs/tree")[pages]?.query.get("cursor")).toBe(pathOf(999));
    const read = rig.api
      .seen("POST", "/fs/bulk-read")
      .flatMap((one) => one.body.paths as string[])
      .filter((path) => path < pathOf(1_000));
    expect(new Set(read).size).toBe(read.length);
  });

  test("B15: whatever is wrong with the export, the listing recovers in the same pass", async () => {
    const bent: [string, (bytes: Uint8Array<ArrayBuffer>) => Response][] = [
      ["not offered", () => error(404, "not_found", "no")],
      ["another format", () => error(400, "bad_request", "invalid format")],
      ["too large", () => error(413, "payload_too_large", "no")],
      ["busy", () => error(429, "workspace_busy", "later")],
      ["overloaded", () => error(503, "unavailable", "overloaded")],
      ["cut", (bytes) => new Response(bytes.subarray(0, bytes.byteLength - 3))],
      ["empty", () => new Response(new Uint8Array())],
      ["a page", () => new Response("<html>sign in</html>", { headers: { "content-type": "text/html" } })],
      ["a list", () => json(200, [])],
      ["fewer files than it says", () => new Response(frameHead({ end: true, files: 7 }))],
      [
        "other bytes than their hash",
        () =>
          new Response(
            Buffer.concat([
              frameHead({ path: "/x.md", revision: "rev_1", contentHash: "0".repeat(64), size: 1 }),
              new Uint8Array(1),
            ]),
          ),
      ],
      ["silent", (bytes) => hanging(bytes.slice(0, 100))],
    ];
    for (const [name, answer] of bent) {
      const rig = filled({}, 30);
      rig.api.intercept = ({ path, query }) =>
        path.endsWith("/fs/export") ? answer(rig.api.frames(query)) : null;
      const { converged } = await newsOf(rig);
      expect([name, converged, rig.fs.files(rig.root).length]).toEqual([name, true, 30]);
      expect([name, rig.local("x.md")]).toEqual([name, null]);
    }
  });

  test("B11: files that are here already are compared by hash, not read", async () => {
    const rig = filled({}, 100);
    for (let n = 0; n < 100; n++) rig.save(pathOf(n).slice(1), `text ${n}\n`);
    expect((await newsOf(rig)).converged).toBe(true);
    expect([asked(rig, "/fs/export"), asked(rig, "/fs/bulk-read"), asked(rig, "/fs/file")]).toEqual([
      0, 0, 0,
    ]);
  });

  test("B16: no total is told once a path of the runtime area was seen", async () => {
    const rig = filled({}, 20);
    rig.api.put("/a/.relay/x", "not mirrored");
    const { news } = await newsOf(rig);
    expect(news.filter(({ phase }) => phase === "progress").map(({ total }) => total)).toEqual([null]);
  });

  test("a file that appears under the same name while the copy runs is kept, and both versions survive", async () => {
    const rig = filled({}, 10);
    let once = true;
    rig.fs.hook = (operation, path) => {
      if (operation !== "sync" || !path.endsWith("/staging") || !once) return;
      once = false;
      rig.save(pathOf(3).slice(1), "mine\n");
    };
    await newsOf(rig);
    await rig.clock.advance(5_000);
    const kept = rig.relayNames("conflicts/d00");
    expect(rig.local(pathOf(3).slice(1))).toBe("text 3\n");
    expect([once, kept]).toEqual([false, ["f00003.md.0.local"]]);
  });

  test("P14: a directory that became a link between writing and naming is never followed", async () => {
    const rig = filled({}, 10);
    rig.fs.makeDir("/elsewhere");
    let once = true;
    rig.fs.hook = (operation, path) => {
      if (operation !== "sync" || !path.endsWith("/staging") || !once) return;
      once = false;
      rig.fs.removeTree(`${rig.root}/d00`);
      rig.fs.symlink("/elsewhere", `${rig.root}/d00`);
    };
    await newsOf(rig);
    expect(once).toBe(false);
    expect(rig.fs.readDir("/elsewhere")).toEqual([]);
  });
});

test("placeNew() leaves directories on another file system, which no sync of ours reaches, to the ordinary way", async () => {
  const rig = filled({}, 150);
  rig.fs.makeDir(`${rig.root}/d00`);
  const elsewhere = new Set([`${rig.root}/d00`]);
  const { lstat, writeUnnamed } = rig.fs;
  const used: string[] = [];
  rig.fs.lstat = (path) => {
    const stat = lstat.call(rig.fs, path);
    return stat !== null && elsewhere.has(path) ? { ...stat, deviceId: 2 } : stat;
  };
  rig.fs.writeUnnamed = (directory, bytes, mode) => {
    used.push(directory);
    return writeUnnamed.call(rig.fs, directory, bytes, mode);
  };
  expect((await newsOf(rig)).converged).toBe(true);
  expect(new Set(used)).toEqual(new Set([`${rig.root}/d01`]));
  expect(rig.fs.files(rig.root)).toHaveLength(150);
});

describe("limits of the first copy", () => {
  test("B2: a slow copy that makes progress outlives the time limit of a cycle", async () => {
    const rig = filled({ flags: { timeoutMs: 15_000 } }, 1_500);
    rig.api.intercept = ({ path, query }) => {
      if (!path.endsWith("/fs/export")) return null;
      const bytes = rig.api.frames(query);
      let at = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            if (at > 0) await rig.clock.sleep(20_000);
            controller.enqueue(bytes.slice(at, at + 50_000));
            at += 50_000;
            if (at >= bytes.byteLength) controller.close();
          },
        }),
      );
    };
    expect((await newsOf(rig)).converged).toBe(true);
    expect(rig.clock.monotonicMs()).toBeGreaterThan(60_000);
  });

  test("B3, S11: silence ends an attempt by its own limit, and the next one resumes", async () => {
    const rig = filled({ env: { RELAYFILE_BOOTSTRAP_IDLE_TIMEOUT: "20s" } }, 1_100);
    rig.api.exportsFrames = false;
    let silent = true;
    const { fetch } = rig.world;
    const never = (signal: AbortSignal) =>
      new Promise<never>((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    Object.assign(rig.world, {
      fetch: (request: Request) =>
        silent && /tree.*cursor/.test(request.url) ? never(request.signal) : fetch(request),
    });
    const first = await newsOf(rig);
    expect(first.converged).toBe(false);
    expect(first.news.at(-1)).toMatchObject({
      phase: "interrupted",
      reason: "the first copy made no progress for 20000 ms",
    });
    expect(rig.fs.files(rig.root)).toHaveLength(1_000);
    expect(rig.relay("state.json").bootstrap).toMatchObject({ phase: "bootstrapping", filesSynced: 1_000 });
    silent = false;
    expect((await newsOf(rig)).converged).toBe(true);
  });

  test("S11: RELAYFILE_BOOTSTRAP_TIMEOUT and --bootstrap-timeout end an attempt that still makes progress", async () => {
    for (const options of [
      { env: { RELAYFILE_BOOTSTRAP_TIMEOUT: "10s" } },
      { flags: { bootstrapTimeoutMs: 10_000 } },
    ]) {
      const rig = filled(options, 300);
      rig.api.exportsFrames = false;
      rig.api.treePage = 100;
      rig.api.intercept = ({ path }) =>
        path.endsWith("/fs/tree")
          ? new Response(
              new ReadableStream({
                async start(controller) {
                  await rig.clock.sleep(8_000);
                  controller.close();
                },
              }),
            )
          : null;
      const { news, converged } = await newsOf(rig);
      expect(converged).toBe(false);
      expect(news.at(-1)?.phase).toBe("interrupted");
    }
  });

  test("S11: RELAYFILE_CURSOR_TIMEOUT ends the search for the newest event, and nothing is copied without it", async () => {
    const rig = filled({ env: { RELAYFILE_CURSOR_TIMEOUT: "20ms" } }, 5);
    const { fetch } = rig.world;
    const silence = (request: Request) =>
      new Promise<never>((_resolve, reject) => {
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      });
    let silent = true;
    Object.assign(rig.world, {
      fetch: (request: Request) =>
        silent && request.url.includes("/fs/events") ? silence(request) : fetch(request),
    });
    // The limit is one of real time: simulated time stands still until the call has ended.
    rig.clock.busy++;
    const pass = newsOf(rig);
    await new Promise((resolve) => setImmediate(resolve));
    while (rig.lines.every(({ message }) => message !== "mount sync cycle failed:"))
      await new Promise((resolve) => setImmediate(resolve));
    rig.clock.busy--;
    expect((await pass).converged).toBe(false);
    expect(asked(rig, "/fs/export") + asked(rig, "/fs/tree")).toBe(0);
    silent = false;
    expect((await newsOf(rig)).converged).toBe(true);
  });

  test("S11: --full-reconcile and RELAYFILE_FORCE_FULL_RECONCILE compare everything once", async () => {
    for (const options of [
      { flags: { fullReconcile: true } },
      { env: { RELAYFILE_FORCE_FULL_RECONCILE: "1" } },
    ]) {
      const rig = filled(options, 5);
      await rig.once();
      const before = asked(rig, "/fs/tree");
      await rig.once();
      expect(asked(rig, "/fs/tree")).toBe(before + 1);
    }
    const rig = filled({}, 5);
    await rig.once();
    const before = asked(rig, "/fs/tree");
    await rig.once();
    expect(asked(rig, "/fs/tree")).toBe(before);
  });

  test("B6, S11: answers without progress are counted, over restarts, and end it without asking again", async () => {
    const rig = filled({ env: { RELAYFILE_BOOTSTRAP_STALL_CYCLES: "3" } }, 10);
    rig.api.exportsFrames = false;
    rig.api.intercept = ({ path }) =>
      path.endsWith("/fs/tree") ? json(200, { path: "/", entries: "none", nextCursor: null }) : null;
    for (let n = 0; n < 3; n++) await newsOf(rig);
    const requests = rig.api.requests.length;
    const { news } = await newsOf(rig);
    expect(rig.api.requests.slice(requests).filter(({ path }) => /tree|export|events/.test(path))).toEqual(
      [],
    );
    expect(news.at(-1)).toMatchObject({ phase: "stalled" });
    expect(rig.relay("state.json")).toMatchObject({
      status: "stalled",
      bootstrap: { phase: "stalled", stallCycles: 3, stallLimit: 3 },
      stallReason: "the first copy made no progress in 3 attempts, the limit is 3",
    });
  });

  test("a server that is away for long is waited for, however often it is asked", async () => {
    const rig = filled({ env: { RELAYFILE_BOOTSTRAP_STALL_CYCLES: "2" } }, 10);
    let away = true;
    rig.api.intercept = () => (away ? error(503, "unavailable", "later") : null);
    for (let n = 0; n < 5; n++) expect((await newsOf(rig)).converged).toBe(false);
    away = false;
    expect((await newsOf(rig)).converged).toBe(true);
  });

  test("B7: being stopped is no stall", async () => {
    const rig = filled({ env: { RELAYFILE_BOOTSTRAP_STALL_CYCLES: "1" } }, 10);
    rig.api.intercept = ({ path }) =>
      path.endsWith("/fs/export") || path.endsWith("/fs/tree") ? hanging(new Uint8Array()) : null;
    const stop = new AbortController();
    await rig.withEngine(async (engine) => {
      const running = runOnce(engine, stop.signal);
      await rig.clock.advance(100);
      stop.abort();
      return running;
    });
    rig.api.intercept = () => null;
    expect((await newsOf(rig)).converged).toBe(true);
  });

  test("B10: a resumed copy deletes nothing; the next audit may", async () => {
    const rig = filled({}, 1_100);
    rig.api.exportsFrames = false;
    let fail = true;
    rig.api.intercept = ({ path, query }) =>
      fail && path.endsWith("/fs/tree") && query.get("cursor") !== null
        ? error(503, "unavailable", "later")
        : null;
    await newsOf(rig);
    rig.api.remove(pathOf(3));
    fail = false;
    await newsOf(rig);
    expect(rig.relayNames("pending-deletes")).toEqual([]);
  });

  test("B17: the public state exists before the first page, and moves while the copy does", async () => {
    const rig = filled({ flags: { websocket: false } });
    let before: unknown = null;
    rig.api.intercept = ({ path }) => {
      if (path.endsWith("/fs/export")) before = rig.relay("state.json");
      return null;
    };
    await rig.start(5_000);
    expect(before).toMatchObject({ bootstrapComplete: false });
    expect(rig.relay("state.json")).toMatchObject({ bootstrapComplete: true });
    await rig.stop();
  });
});

/** The path of the n-th file in the order of the stream, counted from 1. */
function pathOfPlaced(rig: MountRig, n: number): string {
  return [...rig.api.files.keys()].sort()[n - 1] as string;
}
