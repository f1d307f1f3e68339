/** Help as text: usage first, then what can be given, then lines to paste. */
import type { HelpArgument, HelpDocument } from "../help.ts";
import type { Style } from "../style.ts";
import { columns, hanging, wrap } from "../text.ts";

/** Help for a terminal, wrapped to its width. */
export default function helpView(document: HelpDocument, style: Style): string {
  const parts: string[] = [
    wrap(document.description, style.width)
      .map((line) => style.bold(line))
      .join("\n"),
  ];
  if (document.usage !== "")
    parts.push(hanging(`Usage: ${document.usage}`, style.width).join("\n").trimStart());
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
  if (document.text.length > 0) {
    parts.push(document.text.flatMap((line) => wrapped(line, style.width)).join("\n"));
  }
  return parts.join("\n\n");
}

function section(
  title: string,
  rows: readonly (readonly [string, string])[],
  style: Style,
  share?: number,
): string {
  const table = columns(rows, style.width, share);
  return title === "" ? table : `${style.bold(title)}\n${table}`;
}

/** A line that fits stays as it is, alignment included. */
function wrapped(line: string, width: number): string[] {
  return line.length <= width ? [line] : wrap(line, width);
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
