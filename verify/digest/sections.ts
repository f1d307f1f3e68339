/** What the sections of a digest tell: every provider, in order, by names that lead somewhere, with the end of a record as its end. */
import { providerById } from "../../lib/providers/registry.ts";
import {
  type DigestFileFact,
  defineCheck,
  type FeedEventFact,
  type FindingDraft,
  judged,
  page,
  plural,
  skip,
} from "../check.ts";
import { guardedDirectories } from "./_guarded.ts";
import { fileProof } from "./_proof.ts";

const TODAY = "/digests/today.md";
/** Events of the same moment as the digest may or may not be in it. */
const EDGE_MS = 1_000;

/** VG-10 and VG-11. */
export const sectionsComplete = defineCheck({
  id: "digest.sections-complete",
  title: "every connected provider has its section, in order, and bullets follow the time",
  severity: "warn",
  phase: "digest",
  needs: ["digests"],
  wants: ["integrations", "events", "records"],
  after: ["digest.windows-exist"],
  refs: ["VG-10", "VG-11"],
  hint: "Report the digest writer",
  findings: {
    "digest.provider-missing": page.warn(
      "A connected provider with files has no section in today's digest. No section means that it never ran, not that nothing happened.",
      "Sections were compared with the providers that are connected and have files.",
      "Not a quiet provider: that has a section saying so. Not one behind an access rule.",
      "Look at the provider's sync.",
    ),
    "digest.sections-unsorted": page.warn(
      "The sections of a digest are not in alphabetical order, or one appears twice.",
      "By reading its headings.",
      "Not a missing section.",
      "Report the writer.",
    ),
    "digest.bullets-unsorted": page.info(
      "The bullets of a section do not follow the time of their events.",
      "Their order was compared with the feed, for paths with a single event.",
      "Not a missing bullet.",
      "Report the writer; the content is complete.",
    ),
    "digest.bullet-dangling": page.info(
      "A bullet names a file that neither exists nor was deleted today.",
      "Bullets were compared with the complete listing of their provider and with the deletions of the feed.",
      "Not a deleted record: the feed would tell.",
      "Report the path.",
    ),
  },
  run: ({ digests, integrations, events, records }) => {
    const files = digests.files.filter(
      ({ frontMatter, problem }) => problem === null && frontMatter !== null,
    );
    type Codes =
      | "digest.provider-missing"
      | "digest.sections-unsorted"
      | "digest.bullets-unsorted"
      | "digest.bullet-dangling";
    const findings = files.flatMap((file): FindingDraft<Codes>[] => {
      const titles = file.sections;
      const sorted = [...new Set(titles)].sort();
      if (titles.join("\n") === sorted.join("\n")) return [];
      return [
        finding(
          "digest.sections-unsorted",
          `${file.path} has its sections out of order: ${titles.join(", ")}`,
          file,
          { sections: [...titles] },
        ),
      ];
    });
    const today = files.find(({ path }) => path === TODAY);
    const generatedMs = Date.parse(String(today?.frontMatter?.generated_at ?? ""));
    if (today !== undefined) {
      const withFiles = (records?.providers ?? []).filter(
        ({ files: own, connected }) => connected === true && own.length > 0,
      );
      const listed = new Set(today.sections);
      const guarded = guardedDirectories(events, records);
      const settled = withFiles.filter(
        ({ provider }) =>
          providerById(provider) !== null &&
          !guarded.includes(`/${provider}/`) &&
          !guarded.includes("/") &&
          hadFilesBefore(provider, events?.items ?? [], generatedMs),
      );
      for (const { provider } of settled.filter(
        (entry) => !listed.has(entry.provider) && integrations !== null,
      )) {
        const title = `${TODAY} has no section for ${provider}`;
        findings.push({
          ...finding("digest.provider-missing", title, today, { provider }),
          subject: { kind: "provider", ref: provider },
        });
      }
      const order = unsortedIn(today, events?.items ?? []);
      if (order !== null)
        findings.push(
          finding("digest.bullets-unsorted", `${TODAY}: ${order} is out of order`, today, { path: order }),
        );
      const deleted = new Set(
        (events?.items ?? []).filter(({ type }) => type === "file.deleted").map(({ path }) => path),
      );
      const known = new Map(
        (records?.providers ?? [])
          .filter(({ truncated }) => !truncated)
          .map(({ provider, files: own }) => [provider, new Set(own.map(({ path }) => path))]),
      );
      const dangling = today.bullets.find(({ path }) => {
        const own = known.get(path.split("/")[1] ?? "");
        return own !== undefined && !own.has(path) && !deleted.has(path) && events?.complete === true;
      });
      if (dangling !== undefined) {
        findings.push(
          finding("digest.bullet-dangling", `${dangling.path} is in ${TODAY} and does not exist`, today, {
            path: dangling.path,
          }),
        );
      }
    }
    return judged(files.length, findings, `${plural(files.length, "digest")} read`);
  },
});

const TERMINAL_VERBS = /closed|merged|completed|canceled|archived|succeeded|failed|skipped/;
const TERMINAL_STATE = /^(?:closed|merged|done|completed|cancell?ed)$/i;

/** VG-14. */
export const terminalStatesTold = defineCheck({
  id: "digest.terminal-states-told",
  title: "a record that was closed is told as closed, and its file stays",
  severity: "warn",
  phase: "digest",
  needs: ["digests", "records"],
  wants: ["events"],
  after: ["digest.windows-exist"],
  refs: ["VG-14"],
  hint: "Report the provider's webhook rule: an end is a state, not a deletion",
  findings: {
    "digest.closed-as-deleted": page.warn(
      "A record that ended at its provider is told as deleted, or its file is gone: the rule for its webhook treats an end as a deletion.",
      "A row in a terminal state has a bullet 'was deleted', or the feed deletes its file while its row remains.",
      "Not a record that was really deleted: its row would be gone too.",
      "Report the rule; the record's history is lost to readers meanwhile.",
    ),
    "digest.end-untold": page.info(
      "A record is closed by now, and its last bullet of today says only that it was updated.",
      "The row's state was compared with the verb of its last bullet, in digests short enough for every record to be read.",
      "Not a reopened record: its row says closed.",
      "Nothing is lost; report the provider if it recurs.",
    ),
  },
  run: ({ digests, records, events }) => {
    const today = digests.files.find(({ path }) => path === TODAY);
    if (today === undefined || today.bullets.length === 0) return skip("today's digest has no bullets");
    const last = new Map(today.bullets.map((bullet) => [bullet.path, bullet.verb ?? null]));
    const ended = records.providers.flatMap(({ provider, indexes }) =>
      indexes.flatMap(({ rows }) =>
        (rows ?? []).flatMap((row) =>
          row.canonicalPath !== null &&
          row.state !== null &&
          TERMINAL_STATE.test(row.state) &&
          last.has(row.canonicalPath)
            ? [{ provider, path: row.canonicalPath, state: row.state }]
            : [],
        ),
      ),
    );
    const newest = new Map<string, FeedEventFact>();
    for (const event of events?.items ?? []) if (!newest.has(event.path)) newest.set(event.path, event);
    const findings = ended.flatMap(
      ({ provider, path, state }): FindingDraft<"digest.closed-as-deleted" | "digest.end-untold">[] => {
        const verb = last.get(path) ?? null;
        const facts = { provider, path, state, verb };
        const subject = { kind: "path", ref: path } as const;
        if (verb === "was deleted" || newest.get(path)?.type === "file.deleted") {
          const title = `${path} is ${state} and told as deleted`;
          return [{ ...finding("digest.closed-as-deleted", title, today, facts), subject }];
        }
        if (verb === null || TERMINAL_VERBS.test(verb) || today.bullets.length > READ_MAX) return [];
        const title = `${path} is ${state}, ${TODAY} says it ${verb}`;
        return [{ ...finding("digest.end-untold", title, today, facts), subject }];
      },
    );
    return judged(ended.length, findings, `${plural(ended.length, "ended record")} in today's digest`);
  },
});

/** Verbs come from records of the newest 200 events only. */
const READ_MAX = 200;

function finding<C extends string>(
  code: C,
  title: string,
  file: DigestFileFact,
  facts: FindingDraft["facts"],
): FindingDraft<C> {
  return { code, title, subject: { kind: "digest", ref: file.path }, evidence: [fileProof(file)], facts };
}

/** True when the provider had a record before the digest was written. */
function hadFilesBefore(provider: string, items: readonly FeedEventFact[], generatedMs: number): boolean {
  const own = items.filter((event) => event.path.startsWith(`/${provider}/`));
  return own.length === 0 || own.some(({ at }) => Date.parse(at) < generatedMs - EDGE_MS);
}

/** The first bullet whose single event is older than that of the bullet before it. */
function unsortedIn(today: DigestFileFact, items: readonly FeedEventFact[]): string | null {
  const times = new Map<string, number[]>();
  for (const event of items) times.set(event.path, [...(times.get(event.path) ?? []), Date.parse(event.at)]);
  const before = new Map<string, number>();
  for (const { path, provider } of today.bullets) {
    const own = times.get(path) ?? [];
    if (own.length !== 1) continue;
    const at = own[0] as number;
    if (at < (before.get(provider) ?? 0)) return path;
    before.set(provider, at);
  }
  return null;
}
