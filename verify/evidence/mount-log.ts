/** The last day of a daemon's log, counted: ours and the original's lines differ, so patterns are loose. */
import type { LoggedAnswer, MountLogFact } from "../evidence.ts";

const REFUSED_MAX = 50;

/** Counts what checks ask about in the lines since `sinceMs`: what was repaired long ago is no finding. Never throws. */
export function summariseLog(text: string, sinceMs: number): MountLogFact {
  const lines = recentLines(text, sinceMs);
  const times = lines.flatMap((line) => timeOf(line) ?? []);
  const perMinute = new Map<string, number>();
  const refused: LoggedAnswer[] = [];
  let notADirectory = 0;
  let collided: string | null = null;
  for (const line of lines) {
    if (/\b(?:sync\/status|sync\/refresh|integrations\/[^\s/]+\/status|fs\/events\?)/.test(line)) {
      const minute = timeOf(line)?.slice(0, 16) ?? "";
      if (minute !== "") perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
    }
    if (/not a directory|ENOTDIR/i.test(line)) {
      notADirectory++;
      collided = pathOf(line) ?? collided;
    }
    const status = /\bwriteback_http\b.*?\bstatus=(\d{3})\b/.exec(line)?.[1];
    if (status !== undefined && !status.startsWith("2")) {
      refused.push({ status: Number(status), path: pathOf(line), at: timeOf(line) });
    }
  }
  const count = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
  return {
    lines: lines.length,
    firstAt: times[0] ?? null,
    lastAt: times.at(-1) ?? null,
    statusCallsPerMinuteMax: Math.max(0, ...perMinute.values()),
    rateLimited: count(/\b429\b|rate[_ ]limited|too many requests/i),
    unauthorized: count(/\b401\b|unauthorized/i),
    invalidScope: count(/invalid_scope/i),
    notADirectory: { count: notADirectory, path: collided },
    forcedReconciles: count(/forcing full reconcile/i),
    flushTimeouts: count(/flush.*(?:timed out|timeout|deadline)|exit(?:ed)?(?: code)?[ =:]124/i),
    refusedWrites: refused.slice(-REFUSED_MAX),
  };
}

/** Lines without a time belong to the one before them. */
function recentLines(text: string, sinceMs: number): string[] {
  let recent = true;
  return text.split("\n").filter((line) => {
    const ms = Date.parse(timeOf(line) ?? "");
    if (!Number.isNaN(ms)) recent = ms >= sinceMs;
    return recent && line.trim() !== "";
  });
}

function timeOf(line: string): string | null {
  const match = /\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?Z?/.exec(line)?.[0];
  return match === undefined ? null : match.replaceAll("/", "-").replace(" ", "T");
}

function pathOf(line: string): string | null {
  const match = /\bpath="?([^"\s]+)"?/.exec(line) ?? /(?:mkdir|open|stat|rename) ([^\s:]+)/.exec(line);
  return match?.[1] ?? null;
}
