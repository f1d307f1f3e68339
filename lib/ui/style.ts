/** How text looks: colour, marks and width, decided once from the terminal and the environment. */
import type { GlobalFlags } from "../../commands/_command.ts";
import type { Env } from "../ports.ts";
import type { Screen } from "./terminal.ts";

/** What a mark can stand for: statuses of checks and findings. */
export type Mark = "pass" | "warn" | "fail" | "unknown" | "skip" | "info";

/** What a view needs to know about the terminal. */
export interface Style {
  /** Columns to fill at most; 100 when stdout is no terminal. At least 20. */
  readonly width: number;
  /** False: only ASCII may be printed. */
  readonly unicode: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  /** A coloured mark: `✓ ! ✗ ? - i`, or `[ok] [warn] [fail] [?] [skip] [info]` without Unicode. */
  mark(status: Mark): string;
}

/** Where a stream's style comes from. */
export interface StyleSource {
  readonly env: Env;
  readonly screen: Screen;
  readonly globals: Pick<GlobalFlags, "color" | "json">;
}

const MARKS: Readonly<Record<Mark, readonly [unicode: string, ascii: string]>> = {
  pass: ["✓", "[ok]"],
  warn: ["!", "[warn]"],
  fail: ["✗", "[fail]"],
  unknown: ["?", "[?]"],
  skip: ["-", "[skip]"],
  info: ["i", "[info]"],
};

/** The style of one stream. */
export function styleOf(source: StyleSource): Style {
  return makeStyle({
    color: wantsColor(source),
    unicode: speaksUtf8(source.env),
    width: Math.max(20, source.screen.columns ?? columnsFrom(source.env) ?? 100),
  });
}

/** A style from its three facts. */
export function makeStyle({
  color,
  unicode,
  width,
}: {
  color: boolean;
  unicode: boolean;
  width: number;
}): Style {
  const paint = (open: number, close: number) => (text: string) =>
    color && text !== "" ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  const [bold, dim, red, green, yellow] = [
    paint(1, 22),
    paint(2, 22),
    paint(31, 39),
    paint(32, 39),
    paint(33, 39),
  ];
  const colors: Record<Mark, (text: string) => string> = {
    pass: green,
    warn: yellow,
    fail: red,
    unknown: yellow,
    skip: dim,
    info: dim,
  };
  const mark = (status: Mark) => colors[status](MARKS[status][unicode ? 0 : 1]);
  return { width, unicode, bold, dim, red, green, yellow, mark };
}

/** The style of files and tests: no colour, Unicode, 100 columns. */
export const PLAIN_STYLE: Style = makeStyle({ color: false, unicode: true, width: 100 });

/**
 * Colour is off for `--no-color`, for any non-empty `NO_COLOR` (no-color.org) and for `TERM=dumb`; `FORCE_COLOR` other
 * than 0 turns it on anywhere; otherwise a terminal has it.
 */
function wantsColor({ env, screen, globals }: StyleSource): boolean {
  if (!globals.color || globals.json || env.NO_COLOR) return false;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  return screen.isTty && env.TERM !== "dumb";
}

/** The locale's character set: first of LC_ALL, LC_CTYPE and LANG that is set; unset means UTF-8 except on old Windows consoles. */
function speaksUtf8(env: Env): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  if (locale) return /utf-?8/i.test(locale);
  return env.TERM !== "linux" && (env.OS !== "Windows_NT" || env.WT_SESSION !== undefined);
}

function columnsFrom(env: Env): number | null {
  const columns = Number(env.COLUMNS);
  return Number.isInteger(columns) && columns > 0 ? columns : null;
}
