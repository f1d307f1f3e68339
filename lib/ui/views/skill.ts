/** The guide as it is, ready to be saved. */
import type { SkillDocument } from "../../../commands/skill.ts";

/** The text of the file. */
export default function skillView({ text }: SkillDocument): string {
  return text;
}
