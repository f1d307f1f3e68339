/** Digests that are missing, damaged, overfull or out of date. */
import { faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";

const TODAY = "/digests/today.md";

async function digestText(bench: Bench): Promise<string> {
  const file = await (await bench.stack.workspace()).tree.read(TODAY);
  return new TextDecoder().decode(file?.bytes);
}

/** Rewrites today's digest. */
const rewritten = (change: (text: string) => string) => async (bench: Bench) => {
  const bytes = new TextEncoder().encode(change(await digestText(bench)));
  await bench.emit({ kind: "write", path: TODAY, bytes, contentType: "text/markdown" });
};

/** Today's digest with `count` bullets below `directory` before its own, and other front matter. */
const filled = (directory: string, count: number, matter: Record<string, string>) =>
  rewritten((text) => {
    const bullets = Array.from(
      { length: count },
      (_, n) => `- issue ${n} was updated - [${directory}/${n}.json]`,
    );
    const set = Object.entries(matter).reduce(
      (body, [key, value]) => body.replace(new RegExp(`^${key}:.*$`, "m"), `${key}: ${value}`),
      text,
    );
    return set.replace(/^## linear$/m, `## linear\n${bullets.join("\n")}`);
  });

const FULL = { events: "2000", truncated: "true", warnings: "[digest_event_limit_exceeded]" };

export default faultsOf("digest", { ownStack: true, needs: ["file-api", "token", "workspace-reads"] }, [
  {
    id: "todays-digest-missing",
    refs: ["VG-01"],
    inject: (bench) => bench.emit({ kind: "delete", path: TODAY }),
    expect: { root: "digest.missing", exit: 1 },
    never: ["digest.unreadable", "digest.front-matter-invalid"],
  },
  {
    id: "digest-without-front-matter",
    refs: ["VG-02"],
    inject: rewritten((text) => text.replace(/^---[\s\S]*?---\n/, "")),
    expect: { root: "digest.front-matter-invalid", exit: 1 },
    never: ["digest.missing"],
  },
  {
    id: "digest-lacks-event-count",
    refs: ["VG-02"],
    inject: rewritten((text) => text.replace(/^events:.*\n/m, "")),
    expect: { root: "digest.front-matter-invalid", exit: 1 },
  },
  {
    id: "digest-of-another-day",
    refs: ["VG-02", "VG-08"],
    inject: async (bench) => {
      await rewritten((text) => text.replace(/^date:.*$/m, "date: 2026-01-02"))(bench);
      const earlier = new Date(Date.now() - 150_000).toISOString();
      bench.proxy.rules.push({
        when: (url) => url.pathname.endsWith("/fs/events"),
        json: (page: { events: object[] }) => ({
          ...page,
          events: page.events.map((event) => ({ ...event, timestamp: earlier })),
        }),
      });
    },
    expect: { root: "digest.stale-date", exit: 1 },
  },
  {
    id: "digest-cannot-be-read",
    refs: ["VG-01"],
    ownStack: false,
    inject: (bench) =>
      void bench.proxy.rules.push({
        when: (url) => url.searchParams.get("path") === TODAY,
        answer: () => Response.json({ code: "internal_error", message: "body lost" }, { status: 500 }),
      }),
    expect: { root: "digest.unreadable", exit: 1 },
    never: ["digest.missing", "digest.front-matter-invalid"],
  },
  {
    id: "digest-lists-alias-copies",
    refs: ["VG-05", "VG-06"],
    inject: filled("/linear/issues/by-project/web", 30, {}),
    expect: { root: "digest.internal-paths-listed", exit: 1, knownIssue: null },
    never: ["digest.budget-eaten", "digest.truncated"],
  },
  {
    id: "digest-budget-eaten-by-aliases",
    refs: ["symptom:55", "VG-03", "VG-05", "cloud#771"],
    inject: filled("/linear/issues/by-team/core", 1_900, FULL),
    expect: { root: "digest.budget-eaten", exit: 1, knownIssue: "cloud#771" },
    never: ["digest.real-volume", "digest.internal-paths-listed"],
  },
  {
    id: "digest-full-of-real-records",
    refs: ["symptom:55", "VG-03"],
    inject: filled("/linear/issues", 1_900, FULL),
    expect: { root: "digest.truncated", exit: 0, knownIssue: null },
    never: ["digest.budget-eaten", "digest.internal-paths-listed"],
  },
  {
    id: "digest-over-budget-unannounced",
    refs: ["VG-04"],
    inject: rewritten((text) => text.replace(/^events:.*$/m, "events: 2400")),
    expect: { root: "digest.budget-unannounced", exit: 0 },
    never: ["digest.truncated"],
  },
  {
    id: "digest-reports-provider-errors",
    refs: ["VG-15"],
    inject: rewritten((text) => text.replace(/^warnings:.*$/m, "warnings: [provider_partial_failure]")),
    expect: { root: "digest.partial-failure", exit: 0 },
    never: ["digest.truncated"],
  },
  {
    id: "may-2026-digest-flooded",
    refs: ["symptom:55", "cloud#771"],
    shape: "may2026",
    ask: { what: "digest" },
    inject: async (bench) => {
      await bench.flood(2_100);
      await bench.flush();
    },
    expect: { root: "digest.budget-eaten", exit: 1, knownIssue: "cloud#771" },
    never: ["digest.real-volume"],
  },
]);
