/** The digests exist, parse, and tell the truth about what they left out. */
import { defineCheck, type EventsFact, type FindingDraft, judged, plural, skip, suggest } from "../check.ts";
import { fileProof, listOf, readProof, shareProof } from "./_proof.ts";
import { internalShare, prefixShares } from "./_shares.ts";

const BUDGET = 2_000;
const REQUIRED_KEYS = ["date", "generated_at", "covers", "providers", "events"];

/** VG-01. */
export const digestsExist = defineCheck({
  id: "digest.windows-exist",
  title: "today's and yesterday's digests exist",
  severity: "error",
  phase: "digest",
  needs: ["digests"],
  after: ["doctor.workspace-readable"],
  refs: ["VG-01", "S25"],
  hint: "Write any file: that starts the digest",
  findings: {
    "digest.missing": {
      severity: "error",
      means: "The workspace has activity, but a rolling digest was never written.",
      decided: "The event feed has an event outside /digests, the listing of /digests lacks the file.",
      not: "Not a workspace without activity: that has no digest and is healthy.",
      fix: "Write any file; if nothing appears within a minute, the digest writer does not run.",
    },
    "digest.window-missing": {
      severity: "info",
      means: "The daily digests are there, a weekly or dated one is not.",
      decided: "The listing of /digests lacks this-week.md, last-week.md or the dated file of yesterday.",
      not: "Not a writer that stands still: the daily digests are written.",
      fix: "Nothing, where the deployment writes daily digests only; else report the writer.",
    },
  },
  run: ({ digests }) => {
    if (digests.newestEvent === null && digests.listed.length === 0)
      return skip("the workspace has no activity yet");
    const wanted = ["/digests/today.md", "/digests/yesterday.md"];
    const missing = wanted.filter((path) => !digests.listed.includes(path));
    const newest = digests.newestEvent;
    const findings = missing.map(
      (path): FindingDraft<"digest.missing" | "digest.window-missing"> => ({
        code: "digest.missing",
        title: `${path} does not exist`,
        subject: { kind: "digest", ref: path },
        evidence:
          newest === null
            ? []
            : [
                {
                  type: "http",
                  exchangeId: newest.exchangeId,
                  quote: `newest event ${newest.at} ${newest.path}`,
                },
              ],
        facts: { path, newestEventAt: newest?.at ?? null },
      }),
    );
    const dated = digests.files.find(({ path }) => path === wanted[1])?.frontMatter?.date;
    const others = ["this-week", "last-week", ...(dated === undefined ? [] : [String(dated)])]
      .map((name) => `/digests/${name}.md`)
      .filter((path) => !digests.listed.includes(path));
    if (missing.length === 0 && others[0] !== undefined) {
      findings.push({
        code: "digest.window-missing",
        title: `${others.join(", ")} ${others.length === 1 ? "does" : "do"} not exist`,
        subject: { kind: "digest", ref: others[0] },
        evidence: [{ type: "log", line: `listed: ${digests.listed.join(", ")}` }],
        facts: { missing: others },
      });
    }
    return judged(wanted.length, findings, `${plural(digests.listed.length, "digest")} listed`);
  },
});

/** VG-02. */
export const frontMatterValid = defineCheck({
  id: "digest.front-matter-valid",
  title: "every digest's front matter parses, is complete and speaks of its own day",
  severity: "error",
  phase: "digest",
  needs: ["digests"],
  wants: ["clock"],
  after: ["doctor.workspace-readable"],
  refs: ["VG-02", "S25"],
  hint: "Look at the digest: relayfile cat WORKSPACE /digests/today.md",
  findings: {
    "digest.front-matter-invalid": {
      severity: "error",
      means:
        "The block at the top of the digest is missing, not closed, or lacks a key, so no tool can tell what the digest covers.",
      decided: "By parsing it.",
      not: "Not a stale digest.",
      fix: "Let it be written again by any write; report the writer if it stays.",
    },
    "digest.stale-date": {
      severity: "error",
      means: "today.md speaks of another day although there was activity since: it was not written again.",
      decided: "Its date was compared with today's in its own time zone, and with the newest event.",
      not: "Not a quiet day: without activity nothing has to be written.",
      fix: "Write any file; if the date stays, the digest writer does not run.",
    },
    "digest.unreadable": {
      severity: "error",
      means: "A digest is listed but cannot be read.",
      decided: "By reading it.",
      not: "Not a missing digest.",
      fix: "Repeat; report the exchange if it stays.",
    },
  },
  run: ({ digests, clock }) => {
    const nowMs = digests.collectedAtMs + (clock?.skewMs ?? 0);
    type Codes = "digest.front-matter-invalid" | "digest.stale-date" | "digest.unreadable";
    const findings = digests.files.flatMap((file): FindingDraft<Codes>[] => {
      const shared = { subject: { kind: "digest", ref: file.path } as const, evidence: [fileProof(file)] };
      if (file.problem !== null) {
        return [
          { ...shared, code: "digest.unreadable", title: `${file.path} cannot be read: ${file.problem}` },
        ];
      }
      if (file.frontMatter === null) {
        return [
          { ...shared, code: "digest.front-matter-invalid", title: `${file.path} has no valid front matter` },
        ];
      }
      const missing = REQUIRED_KEYS.filter((key) => file.frontMatter?.[key] === undefined);
      if (missing.length > 0) {
        return [
          {
            ...shared,
            code: "digest.front-matter-invalid",
            title: `${file.path} lacks ${missing.join(", ")}`,
            facts: { missing },
          },
        ];
      }
      const today = dateIn(String(file.frontMatter.timezone ?? "UTC"), nowMs);
      const newestMs = Date.parse(digests.newestEvent?.at ?? "");
      // Midnight passes before the writer runs: only activity of the new day makes the old date wrong.
      const activeToday =
        dateIn(String(file.frontMatter.timezone ?? "UTC"), newestMs) === today && nowMs - newestMs > 120_000;
      if (file.path === "/digests/today.md" && file.frontMatter.date !== today && activeToday) {
        const title = `${file.path} is about ${file.frontMatter.date}, today is ${today}`;
        return [
          {
            ...shared,
            code: "digest.stale-date",
            title,
            facts: { date: String(file.frontMatter.date), today },
          },
        ];
      }
      return [];
    });
    return judged(digests.files.length, findings, `${plural(digests.files.length, "digest")} read`);
  },
});

/** VG-03. */
export const notTruncated = defineCheck({
  id: "digest.not-truncated",
  title: "no digest left events out",
  severity: "error",
  phase: "digest",
  needs: ["digests"],
  wants: ["events"],
  after: ["doctor.workspace-readable"],
  refs: ["VG-03", "VG-15", "symptom:55", "S26", "S27"],
  hint: "Find what fills the budget: relayfile verify digest",
  findings: {
    "digest.truncated": {
      severity: "error",
      means: "The window has more events than a digest may hold, so the oldest were dropped.",
      decided: "By `truncated` and `warnings` in the front matter.",
      not: "By itself it does not say why: real volume and a filter gap look the same here. With real volume it is a warning.",
      fix: "Look at what fills the budget; the report names the path prefixes.",
    },
    "digest.partial-failure": {
      severity: "warn",
      means: "The digest says that a provider had sync errors in its window.",
      decided: "By the warning provider_partial_failure.",
      not: "Not truncation.",
      fix: "Look at the provider's dead letters.",
    },
  },
  run: ({ digests, events }) => {
    const files = digests.files.filter((file) => file.frontMatter !== null);
    const troubled = troubledProviders(events);
    const findings = files.flatMap((file): FindingDraft<"digest.truncated" | "digest.partial-failure">[] => {
      const warnings = listOf(file.frontMatter?.warnings);
      const truncated =
        file.frontMatter?.truncated === true || warnings.includes("digest_event_limit_exceeded");
      const found: FindingDraft<"digest.truncated" | "digest.partial-failure">[] = [];
      if (truncated) {
        const internal = internalShare(file);
        found.push({
          code: "digest.truncated",
          severity: internal > 0 ? "error" : "warn",
          title: `${file.path} is truncated: it holds ${file.frontMatter?.events} of more events`,
          subject: { kind: "digest", ref: file.path },
          evidence: [readProof(file), fileProof(file), ...shareProof(file)],
          facts: {
            path: file.path,
            truncated: true,
            events: Number(file.frontMatter?.events ?? 0),
            internalPercent: internal,
            topPrefix: prefixShares(file)[0]?.prefix ?? null,
          },
          ruledOut:
            internal > 0
              ? ["real volume alone: internal paths take part of the budget"]
              : ["a filter gap: no internal path is listed"],
          remedy: { text: "See what fills the budget", commands: [suggest("relayfile verify digest")] },
        });
      }
      if (warnings.includes("provider_partial_failure")) {
        found.push({
          code: "digest.partial-failure",
          title: `${file.path} reports sync errors of ${troubled.length === 0 ? "a provider" : troubled.join(", ")}`,
          subject: { kind: "digest", ref: file.path },
          evidence: [fileProof(file)],
          facts: { path: file.path, providers: troubled },
        });
      }
      return found;
    });
    return judged(files.length, findings, `${plural(files.length, "digest")} judged`);
  },
});

/** VG-04. */
export const budgetHonest = defineCheck({
  id: "digest.budget-honest",
  title: "a digest that is full says that it is truncated",
  severity: "warn",
  phase: "digest",
  needs: ["digests"],
  after: ["doctor.workspace-readable"],
  refs: ["VG-04", "S25"],
  hint: "Report the digest writer: its front matter contradicts itself",
  findings: {
    "digest.budget-unannounced": {
      severity: "warn",
      means:
        "The digest holds exactly as many events as its budget allows and does not say whether more were dropped, or says so in one place only.",
      decided: "events, truncated and warnings of the front matter were compared.",
      not: "Not truncation itself: that is announced.",
      fix: "Report the writer; do not rely on the digest being complete.",
    },
  },
  run: ({ digests }) => {
    const files = digests.files.filter((file) => typeof file.frontMatter?.truncated === "boolean");
    const findings = files.flatMap((file): FindingDraft<"digest.budget-unannounced">[] => {
      const events = Number(file.frontMatter?.events ?? 0);
      const truncated = file.frontMatter?.truncated === true;
      const warned = listOf(file.frontMatter?.warnings).includes("digest_event_limit_exceeded");
      // Exactly at the budget nothing need have been dropped; above it something was.
      if (truncated === warned && events <= BUDGET) return [];
      return [
        {
          code: "digest.budget-unannounced",
          title: `${file.path} holds ${events} events, truncated ${truncated}, ${warned ? "with" : "without"} the limit warning`,
          subject: { kind: "digest", ref: file.path },
          evidence: [fileProof(file)],
          facts: { path: file.path, events, truncated, warned },
        },
      ];
    });
    return judged(files.length, findings, `${plural(files.length, "digest")} judged`);
  },
});

/** Providers whose sync errors the feed tells of. */
function troubledProviders(events: EventsFact | null): string[] {
  const failed = (events?.items ?? []).filter(({ type }) => type === "sync.error");
  return [...new Set(failed.flatMap(({ provider }) => (provider === "" ? [] : [provider])))].sort();
}

/** The calendar date of an instant in a time zone; UTC for a zone that does not exist. */
function dateIn(timezone: string, ms: number): string {
  if (Number.isNaN(ms)) return "";
  try {
    return new Intl.DateTimeFormat("en-CA", { timeZone: timezone }).format(ms);
  } catch {
    // An invalid zone is treated as UTC, as the service does.
    return new Date(ms).toISOString().slice(0, 10);
  }
}
