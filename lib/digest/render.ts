/** A digest as Markdown: one function for every window, so that they cannot differ. */
import type { DigestWindow } from "./windows.ts";

/** One line of a digest. */
export interface DigestLine {
  readonly provider: string;
  readonly identifier: string;
  readonly verb: string;
  /** Absolute. */
  readonly path: string;
}

/** What a digest says. */
export interface DigestContent {
  readonly window: DigestWindow;
  readonly generatedAtMs: number;
  /** Providers with a section, whether or not something happened. */
  readonly providers: readonly string[];
  /** In time order. */
  readonly lines: readonly DigestLine[];
  readonly truncated: boolean;
  readonly warnings: readonly string[];
}

/** Front matter, title and one section per provider in alphabetical order, ending in one newline. */
export function renderDigest(content: DigestContent): string {
  const { window, providers: listed, lines } = content;
  const providers = [...new Set([...listed, ...lines.map((line) => line.provider)])].sort();
  const iso = (ms: number) => new Date(ms).toISOString();
  const front = [
    "---",
    `date: ${window.date}`,
    `generated_at: ${iso(content.generatedAtMs)}`,
    `covers: ${window.covers}`,
    `window_key: ${window.key}`,
    `window_start: ${iso(window.startMs)}`,
    `window_end: ${iso(window.endMs)}`,
    `timezone: ${window.timeZone}`,
    `providers: [${providers.join(", ")}]`,
    `events: ${lines.length}`,
    `truncated: ${content.truncated}`,
    `warnings: [${content.warnings.join(", ")}]`,
    "---",
  ];
  const byProvider = Map.groupBy(lines, (line) => line.provider);
  const sections = providers.flatMap((provider) => {
    const bullets = (byProvider.get(provider) ?? []).map(
      ({ identifier, verb, path }) => `- ${identifier} ${verb} - [${path}]`,
    );
    return ["", `## ${provider}`, ...(bullets.length === 0 ? ["_no activity_"] : bullets)];
  });
  return `${[...front, "", `# Activity summary for ${window.date}`, ...sections].join("\n")}\n`;
}
