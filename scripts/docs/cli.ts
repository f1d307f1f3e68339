/** docs/cli.md: every command with its flags and examples. */
import { COMMANDS, SECTIONS } from "../../commands/mod.ts";
import { commandHelp, type HelpArgument, type HelpDocument, rootHelp } from "../../lib/ui/help.ts";
import { type CommandTable, isLeaf } from "../../lib/ui/tree.ts";
import { code, GENERATED, table } from "./markdown.ts";

/** The page. */
export async function renderCli(): Promise<string> {
  const root = rootHelp(SECTIONS);
  const overview = root.sections.flatMap(({ title, commands }) => [
    `### ${title}`,
    table(
      ["command", "does"],
      commands.map(({ name, description }) => [`[${code(name)}](#relayfile-${name})`, description]),
    ),
  ]);
  const pages = (await leaves(COMMANDS)).map(page);
  return `${[
    GENERATED,
    "# Commands",
    "Every command takes the global flags, anywhere on the line. `--json` prints exactly one JSON document on stdout, errors included; everything else goes to stderr.",
    argumentTable("Global flags", root.globalFlags),
    ...overview,
    ...pages,
  ]
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
}

async function leaves(commands: CommandTable, path: readonly string[] = []): Promise<HelpDocument[]> {
  const found: HelpDocument[] = [];
  for (const [name, lazy] of Object.entries(commands)) {
    if (lazy.hidden) continue;
    const command = await lazy.load();
    const here = [...path, name];
    found.push(commandHelp(here, command));
    if (!isLeaf(command)) found.push(...(await leaves(command.group.commands, here)));
  }
  return found;
}

function page(help: HelpDocument): string {
  const examples = help.examples.map(({ line, does }) => `${line}   # ${does}`);
  return [
    `## ${help.command}`,
    `${help.description}.`,
    `    ${help.usage}`,
    argumentTable("Arguments", help.arguments),
    argumentTable("Flags", help.flags),
    examples.length === 0 ? "" : ["```sh", ...examples, "```"].join("\n"),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function argumentTable(title: string, list: readonly HelpArgument[]): string {
  return table(
    [title, "", "meaning"],
    list.map(({ name, aliases, value, description, required, repeatable }) => [
      [name, ...aliases].map(code).join(" "),
      [value === null ? "" : code(value), required ? "required" : "", repeatable ? "repeatable" : ""]
        .filter((part) => part !== "")
        .join(", "),
      description,
    ]),
  );
}
