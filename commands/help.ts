/** `relayfile help [COMMAND | TOPIC]`: everything that can be read offline. */
import { fail } from "../lib/errors.ts";
import { didYouMean } from "../lib/model/suggest.ts";
import { commandHelp, rootHelp, TOPICS } from "../lib/ui/help.ts";
import { topicDocument } from "../lib/ui/topics.ts";
import { locate, spellings } from "../lib/ui/tree.ts";
import { command } from "./_command.ts";

export default command({
  name: "help",
  description: "Explain a command or a topic",
  args: {
    topic: { type: "positional", description: `A command, or one of: ${TOPICS.join(", ")}` },
    subcommand: { type: "positional", description: "A command of the group named first" },
  },
  examples: [
    ["relayfile help", "every command"],
    ["relayfile help mount", "one command"],
    ["relayfile help exit-codes", "what the exit codes mean"],
  ],
  run: async ({ topic, subcommand }) => {
    const { COMMANDS, SECTIONS } = await import("./mod.ts");
    if (topic === undefined) return { document: rootHelp(SECTIONS), exit: "PASS" };
    const page = topicDocument(topic);
    if (page !== null) return { document: page, exit: "PASS" };
    const known = [...spellings(COMMANDS), ...TOPICS];
    if (!spellings(COMMANDS).includes(topic)) {
      fail("usage", `no help on ${JSON.stringify(topic)}${didYouMean(topic, known)}`, {
        hint: "relayfile help",
      });
    }
    const { path, found } = await locate(subcommand ? [topic, subcommand] : [topic], COMMANDS);
    const document = found === null ? rootHelp(SECTIONS) : commandHelp(path, found);
    return { document, exit: "PASS" };
  },
});
