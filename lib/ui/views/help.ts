/** Help as text: usage first, then what can be given, then lines to paste. */
import type { HelpArgument, HelpDocument } from "../help.ts";
import type { Style } from "../style.ts";
import { columns } from "../text.ts";

/** Help for a terminal, wrapped to its width. */
export default function helpView(document: HelpDocument, style: Style): string {
  const parts: string[] = [style.bold(document.description)];
  if (document.usage !== "") parts.push(`Usage: ${document.usage}`);
  for (const { title, commands } of document.sections) {
    const rows = commands.map(({ name, aliases, description }): [string, string] => [
      name,
      aliases.length > 0 ? `${description} (also: ${aliases.join(", ")})` : description,
    ]);
    parts.push(section(title, rows, style));
  }
  if (document.arguments.length > 0) {
    parts.push(section("Arguments", document.arguments.map(row), style));
  }
  if (document.flags.length > 0) parts.push(section("Flags", document.flags.map(row), style));
  if (document.globalFlags.length > 0) {
    parts.push(section("Global flags, anywhere on the line", document.globalFlags.map(row), style));
  }
  if (document.examples.length > 0) {
    const rows = document.examples.map(({ line, does }): [string, string] => [line, does]);
    parts.push(section("Examples", rows, style, 0.62));
  }
  if (document.text.length > 0) parts.push(document.text.join("\n"));
  return parts.join("\n\n");
}

function section(
  title: string,
  rows: readonly (readonly [string, string])[],
  style: Style,
  share?: number,
): string {
  return `${style.bold(title)}\n${columns(rows, style.width, share)}`;
}

function row(argument: HelpArgument): [string, string] {
  const spellings = [...argument.aliases.filter((name) => /^-\w$/.test(name)), argument.name].join(", ");
  const longer = argument.aliases.filter((name) => !/^-\w$/.test(name));
  const notes = [
    argument.required ? "required" : "",
    argument.repeatable ? "repeatable" : "",
    longer.length > 0 ? `also ${longer.join(", ")}` : "",
  ].filter((note) => note !== "");
  const name = argument.value === null ? spellings : `${spellings} ${argument.value}`;
  return [name, notes.length === 0 ? argument.description : `${argument.description} (${notes.join("; ")})`];
}
