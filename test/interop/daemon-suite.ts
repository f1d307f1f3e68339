/**
 * The original's own daemon, unmodified, against our services: it bootstraps, follows, uploads, deletes, keeps conflicts
 * and comes back. Every wait looks at files or at the service.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RelayFileClient } from "@relayfile/sdk";
import { DAEMON_SCOPES, daemonBinary, type InteropStack, OriginalMirror } from "./original-daemon.ts";

const TIMEOUT_MS = 120_000;

/** Runs the suite against services of one runtime. */
export function testOriginalDaemon(
  where: string,
  start: () => Promise<InteropStack & { stop(): Promise<void> }>,
): void {
  describe.if(daemonBinary() !== null)(`the original's daemon ${where}`, () => {
    let stack: InteropStack & { stop(): Promise<void> };
    let client: RelayFileClient;
    let ws: string;
    beforeAll(async () => {
      stack = await start();
      ws = stack.workspaceId;
      const token = await stack.mint(DAEMON_SCOPES, { agent: "other", lifetimeMs: 3_600_000 });
      client = new RelayFileClient({ baseUrl: stack.fileApiUrl, token, readCache: false });
    });
    afterAll(() => stack.stop());

    const put = (path: string, content: string, more: { encoding?: "base64" } = {}) =>
      client.writeFile({ workspaceId: ws, path, baseRevision: "*", content, ...more });
    const remove = (path: string) => client.deleteFile({ workspaceId: ws, path, baseRevision: "*" });
    /** Text at a path of the service; null when there is none. */
    const remote = (path: string) =>
      client.readFile(ws, path).then(
        ({ content }) => content,
        () => null,
      );
    const seed = (folder: string, count: number) =>
      client.bulkWrite({
        workspaceId: ws,
        files: Array.from({ length: count }, (_, n) => ({
          path: `${folder}/d${n % 7}/f${n}.md`,
          content: `${folder} ${n}\n`,
        })),
      });

    test(
      "bootstraps, follows changes of others, and uploads creates, edits and deletes",
      async () => {
        await seed("/main", 50);
        await using mirror = new OriginalMirror(stack, { remotePath: "/main" });
        await mirror.start();
        await mirror.until("50 files", () => mirror.files().length === 50);
        expect(mirror.read("d3/f3.md")).toBe("/main 3\n");

        await put("/main/d3/f3.md", "changed\n");
        await put("/main/new/deep/file.md", "new\n");
        await remove("/main/d4/f4.md");
        await mirror.shows("d3/f3.md", "changed\n");
        await mirror.shows("new/deep/file.md", "new\n");
        await mirror.shows("d4/f4.md", null);

        await mirror.watches(async (text) => (await remote("/main/probe.md")) === text);
        mirror.write("mine/created.md", "mine\n");
        mirror.write("d5/f5.md", "edited\n");
        await mirror.until("the create", async () => (await remote("/main/mine/created.md")) === "mine\n");
        await mirror.until("the edit", async () => (await remote("/main/d5/f5.md")) === "edited\n");
        await mirror.discards(
          "mine/created.md",
          async () => (await remote("/main/mine/created.md")) === null,
        );
        await mirror.until("an empty outbox", () => mirror.unsent().length === 0);
        expect(mirror.conflicts()).toEqual([]);
        expect(await mirror.stop()).toBe(0);
      },
      TIMEOUT_MS,
    );

    test(
      "keeps both sides when a file changed on both",
      async () => {
        await put("/conflict/a.md", "base\n");
        await put("/conflict/b.md", "untouched\n");
        await using mirror = new OriginalMirror(stack, { remotePath: "/conflict" });
        await mirror.start();
        await mirror.shows("a.md", "base\n");
        mirror.signal("SIGSTOP");
        await put("/conflict/a.md", "theirs\n");
        mirror.write("a.md", "ours\n");
        mirror.signal("SIGCONT");
        await mirror.until("a conflict copy", () => mirror.conflicts().length > 0);
        await mirror.shows("a.md", "theirs\n");
        expect(await remote("/conflict/a.md")).toBe("theirs\n");
        const kept = mirror.conflicts().map((name) => mirror.read(`.relay/conflicts/${name}`));
        expect(kept).toContain("ours\n");
      },
      TIMEOUT_MS,
    );

    test(
      "comes back after a stop and after a kill, with what changed on both sides meanwhile",
      async () => {
        await seed("/back", 20);
        await using mirror = new OriginalMirror(stack, { remotePath: "/back" });
        for (const signal of ["SIGTERM", "SIGKILL"] as const) {
          await mirror.start();
          await mirror.until(
            "all files",
            () => mirror.files().filter((path) => /f\d/.test(path)).length === 20,
          );
          // It has no cursor before the first event it hears, and without one it starts again from the newest.
          await put("/back/heard.md", signal);
          await mirror.shows("heard.md", signal);
          await mirror.watches(async (text) => (await remote("/back/probe.md")) === text);
          await mirror.stop(signal);
          await put("/back/d1/f1.md", `by others, ${signal}\n`);
          mirror.write(`local-${signal}.md`, "while it was away\n");
          await mirror.start();
          await mirror.shows("d1/f1.md", `by others, ${signal}\n`);
          await mirror.until(
            "the local file",
            async () => (await remote(`/back/local-${signal}.md`)) === "while it was away\n",
          );
          await mirror.until("an empty outbox", () => mirror.unsent().length === 0);
          await mirror.stop();
        }
      },
      TIMEOUT_MS,
    );

    test(
      "follows and writes with a token that is confined to its folder",
      async () => {
        await put("/confined/a.md", "a\n");
        await put("/elsewhere/secret.md", "secret\n");
        // Its own check of writes knows `/*` and not `/**`; listing the folder itself needs `/**`.
        const scopes = ["relayfile:fs:read:/confined/**", "relayfile:fs:write:/confined/*", "ops:read"];
        await using mirror = new OriginalMirror(stack, { remotePath: "/confined", scopes });
        await mirror.start();
        await mirror.shows("a.md", "a\n");
        await put("/confined/b.md", "b\n");
        await mirror.shows("b.md", "b\n");
        await mirror.watches(async (text) => (await remote("/confined/probe.md")) === text);
        expect(mirror.files()).toEqual(["a.md", "b.md", "probe.md"]);
      },
      TIMEOUT_MS,
    );

    test(
      "leaves out a file that permission rules hide, and reverts a write they refuse",
      async () => {
        await put("/ruled/open.md", "open\n");
        await client.writeFile({
          workspaceId: ws,
          path: "/ruled/hidden.md",
          baseRevision: "*",
          content: "hidden\n",
          semantics: { permissions: ["allow:agent:other"] },
        });
        await using mirror = new OriginalMirror(stack, { remotePath: "/ruled" });
        await mirror.start();
        await mirror.shows("open.md", "open\n");
        await put("/ruled/later.md", "later\n");
        await mirror.shows("later.md", "later\n");
        expect(mirror.files()).toEqual(["later.md", "open.md"]);
      },
      TIMEOUT_MS,
    );
  });
}
