/** What help says, as data: built from the declarations, printed as text or JSON. */
import type { ArgSpec, Document, GroupCommand, LeafCommand } from "../../commands/_command.ts";
import type { CommandSection } from "../../commands/mod.ts";
import { EXIT } from "../errors.ts";
import { VERSION } from "../version.ts";
import { flagSpellings, label } from "./argv.ts";
import { GLOBAL_ARGS } from "./globals.ts";
import { commandLine, isLeaf } from "./tree.ts";

/** One flag or positional. */
export interface HelpArgument {
  /** As typed: `--op-id`, `WORKSPACE`. */
  readonly name: string;
  /** Other spellings as typed. */
  readonly aliases: readonly string[];
  /** Placeholder of the value, or null for a switch. */
  readonly value: string | null;
  readonly description: string;
  readonly required: boolean;
  readonly repeatable: boolean;
  readonly options?: readonly string[];
}

/** A line in a list of commands. */
export interface HelpCommand {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly description: string;
}

/** Help for the program, a group, a command or a topic. Empty lists are not shown. */
export interface HelpDocument extends Document {
  readonly kind: "relayfile.help";
  /** `relayfile mount`, or the topic's name. */
  readonly command: string;
  readonly description: string;
  readonly usage: string;
  readonly arguments: readonly HelpArgument[];
  readonly flags: readonly HelpArgument[];
  readonly globalFlags: readonly HelpArgument[];
  readonly sections: readonly { readonly title: string; readonly commands: readonly HelpCommand[] }[];
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  /** Lines of a topic or start page, shown as they are. */
  readonly text: readonly string[];
  readonly exitCodes: Readonly<Record<string, number>>;
}

/** What a topic says; the rest of its document is empty. */
export type TopicPage = Pick<HelpDocument, "description"> &
  Partial<Pick<HelpDocument, "sections" | "text" | "exitCodes">>;

/** Topics of `relayfile help TOPIC` besides the commands. */
export const TOPICS = ["tokens", "exit-codes", "errors", "environment", "files"] as const;

/** Help for the whole program. */
export function rootHelp(sections: readonly CommandSection[]): HelpDocument {
  return {
    ...frame("relayfile", `relayfile ${VERSION} - mount, verify and debug relayfile workspaces`),
    usage: "relayfile COMMAND [ARGUMENTS] [--json]",
    globalFlags: globals(new Set()),
    sections: sections
      .map(({ title, commands }) => ({ title, commands: listed(commands) }))
      .filter(({ commands }) => commands.length > 0),
    examples: [
      { line: "relayfile demo", does: "a working stack on this machine, no account needed" },
      { line: "relayfile doctor --json", does: "find the cause of what is wrong" },
    ],
    text: [`Topics: relayfile help ${TOPICS.join(" | ")}`],
  };
}

/** The short page that a bare `relayfile` prints. */
export function startPage(): HelpDocument {
  const rows = [
    ["relayfile demo", "try it without an account"],
    ["relayfile login", "sign in"],
    ["relayfile doctor", "something is broken"],
    ["relayfile help", "every command"],
  ] as const;
  return {
    ...frame("relayfile", `relayfile ${VERSION} - mount, verify and debug relayfile workspaces`),
    sections: [
      { title: "", commands: rows.map(([name, description]) => ({ name, aliases: [], description })) },
    ],
  };
}

/** Help for one command or group. */
export function commandHelp(path: readonly string[], found: LeafCommand | GroupCommand): HelpDocument {
  const line = commandLine(path);
  if (!isLeaf(found)) {
    const { description, commands } = found.group;
    const sections = [{ title: "Commands", commands: listed(commands) }];
    return {
      ...frame(line, description),
      usage: `${line} COMMAND`,
      globalFlags: globals(new Set()),
      sections,
    };
  }
  const { spec } = found;
  const entries = Object.entries(spec.args).filter(([, arg]) => !arg.hidden);
  const positionals = entries.filter(([, arg]) => arg.type === "positional");
  const flags = entries.filter(([, arg]) => arg.type !== "positional");
  const words = positionals.map(([name, arg]) =>
    "required" in arg && arg.required ? label(name, arg) : `[${label(name, arg)}]`,
  );
  return {
    ...frame(line, spec.description),
    usage: [line, ...words, ...(flags.length > 0 ? ["[FLAGS]"] : [])].join(" "),
    arguments: positionals.map(([name, arg]) => argumentHelp(name, arg)),
    flags: flags.map(([name, arg]) => argumentHelp(name, arg)),
    globalFlags: globals(new Set(Object.keys(spec.args))),
    examples: spec.examples.map(([example, does]) => ({ line: example, does })),
    exitCodes: EXIT,
  };
}

/** One argument for help and completions. */
export function argumentHelp(name: string, arg: ArgSpec): HelpArgument {
  const common = { description: arg.description, required: "required" in arg && arg.required === true };
  if (arg.type === "positional") {
    return { ...common, name: label(name, arg), aliases: [], value: null, repeatable: false };
  }
  const offSwitch = arg.type === "boolean" && arg.default === true;
  const [first, ...others] = flagSpellings(
    offSwitch ? `no-${name}` : name,
    offSwitch ? { ...arg, alias: [] } : arg,
  );
  return {
    ...common,
    name: dashed(first ?? name),
    aliases: others.map(dashed),
    value: valueHint(arg),
    repeatable: arg.type === "strings",
    ...(arg.type === "enum" ? { options: arg.options } : {}),
  };
}

/** A page that is not about one command. */
export function topicHelp(topic: string, page: TopicPage): HelpDocument {
  return { ...frame(topic, page.description), ...page };
}

function frame(command: string, description: string): HelpDocument {
  return {
    schemaVersion: "1.0",
    kind: "relayfile.help",
    command,
    description,
    usage: "",
    arguments: [],
    flags: [],
    globalFlags: [],
    sections: [],
    examples: [],
    text: [],
    exitCodes: {},
  };
}

function globals(own: ReadonlySet<string>): HelpArgument[] {
  return Object.entries(GLOBAL_ARGS)
    .filter(([name]) => !own.has(name))
    .map(([name, arg]) => argumentHelp(name, arg));
}

function listed(commands: CommandSection["commands"]): HelpCommand[] {
  return Object.entries(commands)
    .filter(([, lazy]) => !lazy.hidden)
    .map(([name, { aliases = [], description }]) => ({ name, aliases, description }));
}

function valueHint(arg: ArgSpec): string | null {
  if (arg.type === "boolean") return null;
  if (arg.type === "enum") return arg.options.join("|");
  return (
    arg.valueHint ??
    { integer: "N", duration: "DURATION", string: "VALUE", strings: "VALUE", positional: "" }[arg.type]
  );
}

function dashed(spelling: string): string {
  return spelling.length === 1 ? `-${spelling}` : `--${spelling}`;
}
