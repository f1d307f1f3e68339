import { expect, test } from "bun:test";
import { command } from "../../../commands/_command.ts";
import { commandOutline } from "../../../lib/ui/completion/outline.ts";
import { commandHelp } from "../../../lib/ui/help.ts";

const mirror = command({
  name: "mirror",
  description: "Mirror something",
  args: {
    fast: { type: "boolean", description: "Faster" },
    fuse: { type: "boolean", description: "Not supported", hidden: true },
  },
  examples: [["relayfile mirror", "mirror it"]],
  run: async () => ({ document: { schemaVersion: "1.0", kind: "relayfile.mirror" }, exit: "PASS" }),
});

test("commandHelp() and commandOutline() leave out what is only recognised to be refused", async () => {
  expect(commandHelp(["mirror"], mirror).flags.map(({ name }) => name)).toEqual(["--fast"]);
  const table = { mirror: { description: "Mirror something", load: async () => mirror } };
  const flags = (await commandOutline(table)).flatMap((outline) => outline.flags.map(({ name }) => name));
  expect(flags).toContain("--fast");
  expect(flags).not.toContain("--fuse");
});
