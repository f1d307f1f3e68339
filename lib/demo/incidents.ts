/** The three incidents of the demo: what is wrong, and in which report it must be named as a root cause. */
import { MOUNT } from "../limits.ts";

/** Reports that the demo makes. */
export type DemoReport = "doctor" | "discovery" | "digest" | "writeback";

/** One planted incident. */
export interface Incident {
  readonly id: string;
  /** The issue it is an instance of, as in the known-issue catalogue. */
  readonly knownIssue: string;
  /** What happened, in one line. */
  readonly story: string;
  /** The report that must name it. */
  readonly report: DemoReport;
}

/** What was planted. */
export const INCIDENTS: readonly Incident[] = [
  {
    id: "empty-schema",
    knownIssue: "cloud#778",
    story: "Jira issues have an empty schema although refresh says that they were backfilled",
    report: "discovery",
  },
  {
    id: "truncated-digest",
    knownIssue: "cloud#771",
    story: "today's digest is truncated: copies below /linear/issues/by-project fill its event budget",
    report: "digest",
  },
  {
    id: "rejected-write",
    knownIssue: "relayfile#84",
    story: "an issue saved in the mirror was rejected by Jira with 400 and waits as a dead letter",
    report: "writeback",
  },
];

/** How an incident turned out. `findingId` is the root cause in its report, or null. */
export interface IncidentResult extends Incident {
  readonly found: boolean;
  readonly findingId: string | null;
}

/** As much of a report as judging needs. */
export interface JudgedReport {
  readonly rootCauses: readonly string[];
  readonly findings: readonly { readonly id: string; readonly knownIssue?: { readonly id: string } }[];
}

/** Looks for each incident among the root causes of its report. */
export function judgeIncidents(reports: Readonly<Record<DemoReport, JudgedReport>>): IncidentResult[] {
  return INCIDENTS.map((incident) => {
    const { rootCauses, findings } = reports[incident.report];
    const finding = findings.find(
      ({ id, knownIssue }) => knownIssue?.id === incident.knownIssue && rootCauses.includes(id),
    );
    return { ...incident, found: finding !== undefined, findingId: finding?.id ?? null };
  });
}

/** The local save that Jira refuses: it names a project that the site does not have. */
export const REFUSED_SAVE = {
  path: "/jira/issues/payment outage.json",
  body: {
    fields: {
      project: { key: "PAY" },
      issuetype: { name: "Task" },
      summary: "Payments fail since the last release",
    },
  },
} as const;

/** Events below by-project that are needed for the digest to run over its budget. */
export const DIGEST_FLOOD_EVENTS = 2_100;

/** How long the mirror may take until the refused save is a dead letter. */
export const DEAD_LETTER_WAIT_MS = MOUNT.outboxTimeoutMs;
