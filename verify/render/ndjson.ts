/** A finished report as the events that `--events` would have told: one JSON object per line, the verdict last. */
import type { Report } from "../report.ts";
import { finishedNews, type RunNews } from "../run/events.ts";

interface Timed {
  readonly atMs: number;
  readonly news: RunNews;
}

/** Lines of NDJSON in the order of their times; the last is `run.finished` and carries the summary. */
export function renderNdjson(report: Report): string {
  const startMs = timeOf(report.startedAt, 0);
  const endMs = timeOf(report.finishedAt, startMs);
  const started: RunNews = {
    type: "run.started",
    command: report.command,
    attempt: report.attempts?.length ?? 1,
    checks: report.checks.map((check) => check.id),
  };
  const between = [...exchanges(report, startMs), ...checks(report, startMs)].sort((a, b) => a.atMs - b.atMs);
  const finished = finishedNews(report, { name: report.exit, code: report.exitCode });
  const all: Timed[] = [
    { atMs: startMs, news: started },
    ...between,
    // What ended late is still told before the end.
    { atMs: Math.max(endMs, between.at(-1)?.atMs ?? endMs), news: finished },
  ];
  const lines = all.map(({ atMs, news }, index) =>
    JSON.stringify({ v: 1, seq: index + 1, at: new Date(atMs).toISOString(), runId: report.runId, ...news }),
  );
  return `${lines.join("\n")}\n`;
}

function exchanges(report: Report, startMs: number): Timed[] {
  return report.exchanges.map((exchange) => ({
    atMs: ended(exchange.startedAt, exchange.timing.totalMs, startMs),
    news: {
      type: "exchange",
      id: exchange.id,
      service: exchange.service,
      method: exchange.request.method,
      url: exchange.request.url,
      attempt: exchange.attempt,
      status: exchange.response?.status ?? null,
      failure: exchange.error?.class ?? null,
      totalMs: exchange.timing.totalMs,
      correlationId: exchange.correlationId,
    },
  }));
}

function checks(report: Report, startMs: number): Timed[] {
  return report.checks.flatMap((check): Timed[] => {
    const findings = report.findings.filter((finding) => check.findingIds.includes(finding.id));
    const beginMs = timeOf(check.startedAt, startMs);
    const endMs = ended(check.startedAt, check.durationMs, startMs);
    return [
      { atMs: beginMs, news: { type: "check.started", checkId: check.id } },
      ...findings.map((finding): Timed => {
        const { code, checkId, severity, confidence, title, subject } = finding;
        return {
          atMs: endMs,
          news: { type: "finding", code, checkId, severity, confidence, title, subject },
        };
      }),
      {
        atMs: endMs,
        news: {
          type: "check.finished",
          checkId: check.id,
          status: check.status,
          reason: check.reason,
          durationMs: check.durationMs,
          findings: findings.length,
        },
      },
    ];
  });
}

function ended(startedAt: string, durationMs: number, fallbackMs: number): number {
  return timeOf(startedAt, fallbackMs) + Math.max(0, Math.min(durationMs, 86_400_000));
}

/** A time in ms; the fallback for a text that is none. */
function timeOf(iso: string, fallbackMs: number): number {
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? fallbackMs : ms;
}
