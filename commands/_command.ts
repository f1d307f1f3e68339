/**
 * What a command is: data for the parser and the help, and one plain function from arguments to a result object.
 * citty holds the tree; our front door (`lib/ui`) parses strictly and renders.
 */
import { type ArgsDef, type CommandDef, defineCommand } from "citty";
import type { ExitName } from "../lib/errors.ts";
import type { Ports } from "../lib/ports.ts";

/** Flags every command understands, before or after its name. */
export interface GlobalFlags {
  /** Print exactly one JSON document on stdout. */
  readonly json: boolean;
  readonly quiet: boolean;
  /** 0, 1 for -v, 2 for -vv. */
  readonly verbosity: number;
  readonly color: boolean;
  /** False under --no-input: never prompt. */
  readonly input: boolean;
  /** Budget of the whole command in ms, or null when none was given. */
  readonly timeoutMs: number | null;
}

/** Every JSON document carries these two. */
export interface Document {
  readonly schemaVersion: "1.0";
  /** For example `relayfile.writeback-status`; chooses the text view in `lib/ui/views`. */
  readonly kind: `relayfile.${string}`;
}

/** What a command returns: one document and how the process ends. */
export interface CommandResult<D extends Document = Document> {
  readonly document: D;
  readonly exit: ExitName;
}

/** What a command gets besides its arguments. */
export interface CommandContext {
  readonly ports: Ports;
  readonly globals: GlobalFlags;
  /** Aborts on the first SIGINT or SIGTERM, and when `--timeout` ends. The reason is a RelayfileError. */
  readonly signal: AbortSignal;
  /** Long-running commands print their document here when ready, at most once; the final result is then not printed. */
  ready(document: Document): void;
  /** Tells a person at a terminal what is going on, one short line on stderr; nothing in a pipe, under --json or --quiet. */
  progress?(line: string): void;
  /** One line on a terminal's stderr that the next one overwrites; null removes it. Silent where `progress` is. */
  status?(line: string | null): void;
  /** Raw bytes or streamed text on stdout, for `cat`, `logs`, `--events`; never together with a document. */
  write(chunk: string | Uint8Array): void;
  /** Standard input, read to its end or just past `bytesMax`; absent means the process's own. */
  readonly stdin?: (bytesMax: number) => Promise<Uint8Array>;
}

interface ArgBase {
  readonly description: string;
  /** Placeholder in the help, for example `DIR`. */
  readonly valueHint?: string;
  /** Recognised, to be refused with a reason or used by the program itself; neither help nor completions offer it. */
  readonly hidden?: boolean;
}

/** One argument. Names are kebab-case; aliases are further spellings without dashes. */
export type ArgSpec =
  | (ArgBase & { readonly type: "positional"; readonly required?: boolean })
  | (ArgBase & { readonly type: "boolean"; readonly alias?: readonly string[]; readonly default?: boolean })
  | (ArgBase & { readonly type: "string"; readonly alias?: readonly string[]; readonly required?: boolean })
  /** Repeatable: the value is an array, empty when absent. */
  | (ArgBase & { readonly type: "strings"; readonly alias?: readonly string[] })
  | (ArgBase & {
      readonly type: "integer";
      readonly alias?: readonly string[];
      readonly min?: number;
      readonly max?: number;
    })
  /** Go syntax (`1m30s`); the value is in ms. */
  | (ArgBase & { readonly type: "duration"; readonly alias?: readonly string[] })
  | (ArgBase & {
      readonly type: "enum";
      readonly options: readonly string[];
      readonly alias?: readonly string[];
    });

/** The arguments of a command, by kebab-case name. Positionals in order. */
export type ArgSpecs = Readonly<Record<string, ArgSpec>>;

type ArgValue<S extends ArgSpec> = S extends { type: "positional" | "string"; required: true }
  ? string
  : S extends { type: "positional" | "string" }
    ? string | undefined
    : S extends { type: "boolean" }
      ? boolean
      : S extends { type: "strings" }
        ? string[]
        : S extends { type: "integer" | "duration" }
          ? number | undefined
          : S extends { type: "enum"; options: readonly (infer O)[] }
            ? O | undefined
            : never;

/** Parsed values of a set of arguments. */
export type ArgValues<A extends ArgSpecs> = { readonly [K in keyof A]: ArgValue<A[K]> };

/** A command as written in its file. */
export interface CommandSpec<A extends ArgSpecs = ArgSpecs> {
  readonly name: string;
  /** One line, a verb first, no period. */
  readonly description: string;
  readonly aliases?: readonly string[];
  readonly args: A;
  /** Complete command lines with a few words on what each does; the first is the most common. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  readonly run: (args: ArgValues<A>, context: CommandContext) => Promise<CommandResult>;
}

/** A leaf of the tree: citty's definition with our own attached for the front door. */
export type LeafCommand = CommandDef & { readonly spec: CommandSpec };

/** A group: only sub-commands, loaded when needed, never a `run` of its own. */
export type GroupCommand = CommandDef & {
  readonly group: {
    readonly name: string;
    readonly description: string;
    readonly aliases?: readonly string[];
    readonly commands: Readonly<Record<string, LazyCommand>>;
  };
};

/** A command in a list, with what help needs before it is loaded. */
export interface LazyCommand {
  readonly description: string;
  readonly aliases?: readonly string[];
  /** Not listed in help; still runs. */
  readonly hidden?: boolean;
  readonly load: () => Promise<LeafCommand | GroupCommand>;
}

/** What the front door hands to a leaf as citty's `data`: the strictly parsed values and the context. */
export interface Invocation {
  readonly args: Readonly<Record<string, unknown>>;
  readonly context: CommandContext;
}

/** Declares a command. */
export function command<const A extends ArgSpecs>(spec: CommandSpec<A>): LeafCommand {
  const definition = defineCommand({
    meta: { name: spec.name, description: spec.description, alias: [...(spec.aliases ?? [])] },
    args: cittyArgs(spec.args),
    run: ({ data }) => {
      const { args, context } = data as unknown as Invocation;
      return spec.run(args as unknown as ArgValues<A>, context);
    },
  });
  return { ...(definition as CommandDef), spec: spec as unknown as CommandSpec };
}

/** Declares a group of commands. */
export function group(spec: GroupCommand["group"]): GroupCommand {
  const subCommands = Object.fromEntries(
    Object.entries(spec.commands).map(([name, lazy]) => [name, () => lazy.load() as Promise<CommandDef>]),
  );
  const definition = defineCommand({ meta: { name: spec.name, description: spec.description }, subCommands });
  return { ...(definition as CommandDef), group: spec };
}

/** Our argument kinds as citty's, which knows fewer. Nothing is required here: the front door has checked before. */
function cittyArgs(specs: ArgSpecs): ArgsDef {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => {
      const { description, valueHint } = spec;
      const alias = "alias" in spec ? [...(spec.alias ?? [])] : undefined;
      if (spec.type === "positional")
        return [name, { type: "positional", description, valueHint, required: false }];
      if (spec.type === "boolean")
        return [name, { type: "boolean", description, alias, default: spec.default ?? false }];
      if (spec.type === "enum")
        return [name, { type: "enum", description, alias, options: [...spec.options] }];
      return [name, { type: "string", description, valueHint, alias }];
    }),
  ) as ArgsDef;
}
