/** `relayfile version`: what exactly is running. */
import { versionDocument } from "../lib/ui/version-document.ts";
import { command } from "./_command.ts";

export default command({
  name: "version",
  description: "Show the version, the commit and the formats it writes",
  args: {},
  examples: [
    ["relayfile version", "one line"],
    ["relayfile version --json", "with commit, target and format versions"],
  ],
  run: async () => ({ document: versionDocument(), exit: "PASS" }),
});
