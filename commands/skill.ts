/** `relayfile skill print`: the guide for agents that this version carries. */
import { SKILL_NAME, skillText } from "../lib/ui/skill.ts";
import { command, type Document, group } from "./_command.ts";

/** The guide. In text form it is printed as it is. */
export interface SkillDocument extends Document {
  readonly kind: "relayfile.skill";
  readonly name: string;
  readonly text: string;
}

const print = command({
  name: "print",
  description: "Print the SKILL.md of this version",
  args: {},
  examples: [["relayfile skill print > SKILL.md", "save it where an agent looks for skills"]],
  run: async () => {
    const document: SkillDocument = {
      schemaVersion: "1.0",
      kind: "relayfile.skill",
      name: SKILL_NAME,
      text: skillText(),
    };
    return { document, exit: "PASS" };
  },
});

export default group({
  name: "skill",
  description: "The guide for agents",
  commands: { print: { description: "Print the SKILL.md of this version", load: async () => print } },
});
