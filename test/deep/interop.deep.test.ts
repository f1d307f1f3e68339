/** The original's daemon on a workspace that takes it several pages and batches; its disk work takes most of a minute. */
import { describe, expect, test } from "bun:test";
import { RelayFileClient } from "@relayfile/sdk";
import { DAEMON_SCOPES, daemonBinary, OriginalMirror } from "../interop/original-daemon.ts";
import { testStack } from "../support/stack.ts";

const FIVE_MIB = 5 * 1024 * 1024;

describe.if(daemonBinary() !== null)("the original's daemon", () => {
  // A bootstrap of several cycles goes on only while there is no socket; one of a single cycle works with it.
  for (const flags of [["--websocket=false"], ["--bootstrap-max-files-per-cycle", "-1"]]) {
    test(`takes 3,000 files, and files that fill a batch of bytes, with ${flags.join(" ")}`, async () => {
      await using stack = await testStack();
      const workspaceId = stack.workspaceId;
      const client = new RelayFileClient({
        baseUrl: stack.fileApiUrl,
        token: await stack.mint(DAEMON_SCOPES),
      });
      for (let part = 0; part < 3; part++) {
        const files = Array.from({ length: 1_000 }, (_, n) => ({
          path: `/many/p${part}/d${n % 7}/f${n}.md`,
          content: `${part} ${n}\n`,
        }));
        await client.bulkWrite({ workspaceId, files });
      }
      const content = new Uint8Array(FIVE_MIB).fill(0xfe).toBase64();
      for (let n = 0; n < 8; n++) {
        const path = `/many/large/${n}.bin`;
        await client.writeFile({ workspaceId, path, baseRevision: "0", content, encoding: "base64" });
      }
      await using mirror = new OriginalMirror(stack, { remotePath: "/many", flags });
      await mirror.start();
      await mirror.until("all files", () => mirror.files().length === 3_008, undefined, 120_000);
      expect(mirror.read("p2/d6/f6.md")).toBe("2 6\n");
      expect(Bun.file(mirror.path("large/7.bin")).size).toBe(FIVE_MIB);
      expect(mirror.unsent()).toEqual([]);
    }, 240_000);
  }
});
