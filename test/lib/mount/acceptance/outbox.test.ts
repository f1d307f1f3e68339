/** Acceptance list 7.6: saves on their way, those that wait, and those that were refused. */
import { afterEach, describe, expect, test } from "bun:test";
import { flushOnce } from "../../../../lib/mount/flush.ts";
import { privatePaths, runtimeLayout } from "../../../../lib/mount/layout.ts";
import { listPending } from "../../../../lib/mount/pending-list.ts";
import { error } from "../../../support/fake-file-api.ts";
import { osError } from "../../../support/memory-fs.ts";
import { MountRig, type RigOptions } from "../../../support/mount-rig.ts";

let rig: MountRig;
const open = (options: RigOptions = {}) => {
  rig = new MountRig(options);
  return rig;
};
afterEach(() => rig.stop());
const uploads = () => rig.api.seen("POST", "/fs/bulk");
const failBulk = (answer: () => Response | "drop" | null) => {
  rig.api.intercept = (request) => (request.path.endsWith("/fs/bulk") ? answer() : null);
};

describe("7.6 outbox and dead letters", () => {
  test("W4: a save is acknowledged when its operation succeeded; an operation not visible yet spends no attempt; a failed one is marked", async () => {
    open();
    await rig.start();
    rig.api.opStatus = () => ({ status: "pending" });
    rig.save("a.md", "1");
    await rig.clock.advance(5_000);
    expect(rig.relayNames("outbox/pending")).toHaveLength(1);
    rig.api.intercept = (request) =>
      request.path.includes("/ops/") ? error(404, "not_found", "not yet") : null;
    await rig.clock.advance(60_000);
    const [name = ""] = rig.relayNames("outbox/pending");
    expect(rig.relay(`outbox/pending/${name}`)).toMatchObject({ opId: "op_1", attemptCount: 0 });
    rig.api.intercept = () => null;
    Object.assign(rig.api.ops.get("op_1") ?? {}, { status: "succeeded" });
    await rig.clock.advance(20_000);
    expect([rig.relayNames("outbox/pending"), rig.relayNames("outbox/acked")]).toEqual([[], [name]]);
    rig.api.opStatus = () => ({
      status: "dead_lettered",
      lastError: "provider answered 400",
      lastStatus: 400,
    });
    rig.save("b.md", "1");
    await rig.clock.advance(20_000);
    expect(rig.relayNames("outbox/failed")).toHaveLength(1);
    expect(rig.relayNames("outbox/attention")).toHaveLength(1);
  });

  test("a save that a full disk would not let end when it was replaced ends when the disk has room", async () => {
    open();
    await rig.start();
    failBulk(() => "drop");
    rig.save("a.md", "1");
    await rig.clock.advance(1_000);
    let full = true;
    rig.fs.hook = (operation, path) => {
      if (full && operation === "write" && path.includes("/outbox/acked/")) throw osError("ENOSPC", path);
    };
    rig.save("a.md", "2");
    await rig.clock.advance(5_000);
    expect(rig.relayNames("outbox/pending")).toHaveLength(2);
    full = false;
    failBulk(() => null);
    await rig.clock.advance(120_000);
    expect(rig.relayNames("outbox/pending")).toEqual([]);
    expect(rig.api.text("/a.md")).toBe("2");
    expect(rig.relay("state.json").verdict).toBe("ok");
  });

  test("a record left over of a save that arrived by another is ended at the start, not sent", async () => {
    open();
    await rig.start();
    failBulk(() => "drop");
    rig.save("a.md", "mine");
    await rig.clock.advance(1_000);
    const [name = ""] = rig.relayNames("outbox/pending");
    const record = rig.relay(`outbox/pending/${name}`);
    failBulk(() => null);
    await rig.clock.advance(20_000);
    await rig.stop();
    const firstSeenAt = new Date(Date.parse(record.firstSeenAt) - 1).toISOString();
    const left = { ...record, commandId: "mountcmd_left", firstSeenAt };
    rig.fs.save(`${rig.root}/.relay/outbox/pending/mountcmd_left.json`, JSON.stringify(left));
    rig.api.remove("/a.md");
    const sent = uploads().length;
    await rig.start();
    await rig.clock.advance(20_000);
    expect(uploads()).toHaveLength(sent);
    expect(rig.relayNames("outbox/pending")).toEqual([]);
    expect(rig.api.text("/a.md")).toBeNull();
    expect(rig.local("a.md")).toBeNull();
  });

  test("W5: after five failures a save needs attention, the state says so, and it is still tried", async () => {
    open({ env: { RELAYFILE_CB_THRESHOLD: "1000" } });
    await rig.start();
    failBulk(() => error(503, "unavailable", "no"));
    rig.save("a.md", "1");
    await rig.clock.advance(5_000);
    expect(rig.relay("state.json").outbox.needsAttention).toBe(0);
    await rig.clock.advance(60_000);
    expect(rig.relay("state.json")).toMatchObject({
      outbox: { pending: 1, needsAttention: 1 },
      states: { outboxNeedsAttention: true },
    });
    expect(rig.relayNames("outbox/attention")).toHaveLength(1);
    rig.api.intercept = () => null;
    rig.api.opStatus = () => ({ status: "pending" });
    await rig.clock.advance(60_000);
    expect(rig.api.text("/a.md")).toBe("1");
    // Accepted, though its operation has not ended.
    expect(rig.relay("state.json").outbox).toMatchObject({ pending: 1, needsAttention: 0 });
    expect(rig.relayNames("outbox/attention")).toEqual([]);
  });

  test("W7: an upload that takes longer than the budget of a request is not cancelled", async () => {
    open({ flags: { timeoutMs: 1 } });
    await rig.start();
    rig.api.intercept = async (request) => {
      if (request.path.endsWith("/fs/bulk")) await Bun.sleep(30);
      return null;
    };
    rig.save("a.md", "1");
    await rig.clock.advance(2_000);
    expect(rig.api.text("/a.md")).toBe("1");
    expect(uploads()).toHaveLength(1);
  });

  test("W16: a 401 that a refresh heals leaves no dead letter and spends no attempt", async () => {
    open();
    await rig.start();
    let refused = 0;
    failBulk(() => (refused++ < 1 ? error(401, "unauthorized", "token expired") : null));
    rig.save("a.md", "1");
    await rig.clock.advance(120_000);
    expect(rig.api.text("/a.md")).toBe("1");
    expect(rig.relayNames("dead-letter")).toEqual([]);
    const [name = ""] = rig.relayNames("outbox/acked");
    expect(rig.relay(`outbox/acked/${name}`)).toMatchObject({ attemptCount: 0 });
    expect(rig.relay("state.json").verdict).toBe("ok");
  });

  test("W19: a draft has one identity, whoever sends it", async () => {
    const draft = "jira/issues/new 0f8fad5b-d9cb-469f-a165-70867728950e.json";
    const identities: unknown[] = [];
    for (const send of ["daemon", "once", "push"] as const) {
      open();
      if (send === "daemon") await rig.start();
      rig.save(draft, "{}");
      if (send === "daemon") await rig.clock.advance(5_000);
      else if (send === "once") await rig.once();
      else {
        const signal = new AbortController().signal;
        await rig.withEngine((engine) => flushOnce(engine, { pushLocal: true, signal }));
      }
      identities.push(uploads()[0]?.body.files[0].contentIdentity);
      await rig.stop();
    }
    const hash = rig.world.sha256("{}");
    const expected = {
      kind: "mount-writeback-create-draft",
      key: `rw_abcd1234:/${draft}:${hash}`,
      ttlSeconds: 2_592_000,
    };
    expect(identities).toEqual([expected, expected, expected]);
  });

  test("W17: dirty, drifted, missing and untracked files are pending under the remote root, read-only ones are not", async () => {
    open({ remoteRoot: "/github" });
    for (const name of ["drifted", "missing", "dirty", "ro"]) rig.api.put(`/github/${name}.md`, "1");
    await rig.once();
    await rig.clock.advance(5_000);
    rig.save("dirty.md", "2");
    failBulk(() => "drop");
    await rig.once();
    rig.save("drifted.md", "2");
    rig.fs.unlink(`${rig.root}/missing.md`);
    rig.save("untracked.md", "2");
    rig.save("ro.md", "2");
    rig.fs.chmod(`${rig.root}/ro.md`, 0o444);
    const rows = listPending(rig.world, {
      dir: rig.root,
      layout: runtimeLayout(rig.root),
      remoteRoot: "/github",
      index: privatePaths(rig.config, rig.world.sha256).database,
    });
    expect(rows.map(({ path, why }) => `${why} ${path}`).sort()).toEqual([
      "drifted /github/drifted.md",
      "missing /github/missing.md",
      "queued /github/dirty.md",
      "untracked /github/untracked.md",
    ]);
  });
});
