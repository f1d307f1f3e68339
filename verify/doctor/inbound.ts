/** Webhooks arrive, are taken in, and none waits for a person. */
import { formatDuration } from "../../lib/model/duration.ts";
import {
  defineCheck,
  type FindingDraft,
  isOutage,
  isoTime,
  judged,
  page,
  plural,
  proof,
  suggest,
  unknown,
} from "../check.ts";

const SILENT_MS = 24 * 3_600_000;
const PENDING_SECONDS_MAX = 300;

/** DR-28. */
export const ingressClean = defineCheck({
  id: "doctor.ingress-clean",
  title: "no webhook was dropped, waits too long or failed for good",
  severity: "warn",
  phase: "inbound",
  needs: ["ingress"],
  after: ["doctor.scopes-suffice"],
  refs: ["DR-28", "VG-15"],
  hint: "Look at what failed, then replay it",
  findings: {
    "doctor.envelope-dead": page.error(
      "A webhook could not be applied after several attempts and waits for a person: the record it speaks of is old here.",
      "By the list of failed deliveries.",
      "Not a dropped webhook: this one is kept and can be replayed.",
      "Read its error, fix the cause, then replay it.",
    ),
    "doctor.ingress-dropped": page.warn(
      "The service had no room for some webhooks and dropped them; what they spoke of is missing until the next sync.",
      "By droppedTotal in the ingress counters.",
      "Not duplicates or stale deliveries: those are counted apart and are healthy.",
      "Refresh the provider to catch up, and look at the load.",
    ),
    "doctor.ingress-backlog": page.warn(
      "Webhooks have waited for minutes to be applied.",
      "By the age of the oldest pending delivery.",
      "Not a silent provider: its webhooks arrived.",
      "Wait; if it grows, the service's workers are too few.",
    ),
  },
  run: ({ ingress }) => {
    if (ingress.counts === null && ingress.dead === null) {
      if (isOutage(ingress.probe))
        return unknown(
          `sync/ingress gave no usable answer (${ingress.probe.status ?? ingress.probe.failure})`,
        );
      return judged(0, [], "this deployment has no ingress counters");
    }
    const counts = ingress.counts ?? [];
    type Codes = "doctor.envelope-dead" | "doctor.ingress-dropped" | "doctor.ingress-backlog";
    const findings: FindingDraft<Codes>[] = [];
    const dead = new Map<string, (typeof letters)[number][]>();
    const letters = ingress.dead ?? [];
    for (const letter of letters) dead.set(letter.provider, [...(dead.get(letter.provider) ?? []), letter]);
    for (const [provider, items] of dead) {
      const error = items[0]?.error ?? "no error recorded";
      findings.push({
        code: "doctor.envelope-dead",
        title: `${plural(items.length, "webhook")} of ${provider} failed for good: ${error}`,
        subject: { kind: "provider", ref: provider },
        evidence: [proof(ingress.deadProbe), { type: "log", line: error }],
        facts: { provider, count: items.length, ids: items.slice(0, 5).map(({ id }) => id) },
        remedy: {
          text: "Look at the provider, then replay the deliveries",
          commands: [suggest(`relayfile integration status ${provider}`)],
        },
      });
    }
    for (const one of counts) {
      const shared = {
        subject: { kind: "provider", ref: one.provider } as const,
        evidence: [proof(ingress.probe)],
        facts: { provider: one.provider, dropped: one.dropped, pending: one.pending },
      };
      if (one.dropped > 0) {
        const title = `${plural(one.dropped, "webhook")} of ${one.provider} dropped`;
        const remedy = {
          text: "Catch up",
          commands: [suggest(`relayfile refresh --provider ${one.provider}`, "refresh")],
        };
        findings.push({ ...shared, code: "doctor.ingress-dropped", title, remedy });
      }
      if (one.pending > 0 && one.oldestPendingSeconds > PENDING_SECONDS_MAX) {
        const title = `${plural(one.pending, "webhook")} of ${one.provider} waiting, the oldest for ${formatDuration(one.oldestPendingSeconds * 1_000)}`;
        findings.push({ ...shared, code: "doctor.ingress-backlog", title });
      }
    }
    const accepted = counts.reduce((sum, one) => sum + one.accepted, 0);
    return judged(counts.length + letters.length, findings, `${plural(accepted, "webhook")} accepted`);
  },
});

/** Symptoms 50, 51 and 57. */
export const providersFed = defineCheck({
  id: "doctor.providers-fed",
  title: "every provider whose webhooks once arrived still sends some",
  severity: "warn",
  phase: "inbound",
  needs: ["sync", "target"],
  wants: ["integrations", "events", "clock", "mirror"],
  after: ["doctor.scopes-suffice"],
  refs: ["symptom:50", "symptom:51", "symptom:57"],
  hint: "Change something at the provider and watch whether it arrives",
  findings: {
    "doctor.sync-no-watermark": page.warn(
      "The provider counts as lagging with a lag of zero: it has neither a cursor nor a watermark, so nothing was ever received, or its webhook is dead.",
      "status, cursor and watermarkTs of its row in sync/status, and webhookHealthy of its integration.",
      "Not real lag: that has a watermark and grows.",
      "Look at the ingress counters and at the webhook's settings at the provider.",
    ),
    "doctor.feed-silent": page.warn(
      "Nothing has arrived from the provider for more than a day although it counts as healthy: lag measures the queue, and an empty queue has none.",
      "Its watermark and its newest event are older than 24 hours.",
      "Not a stale mirror: the server itself has nothing newer, and a mirror beside it holds the same bytes.",
      "Make a change at the provider and watch for it; a quiet weekend is no fault.",
    ),
  },
  run: ({ sync, target, integrations, events, clock, mirror }) => {
    if (sync.status === null) return unknown("sync/status gave no usable answer");
    const nowMs = target.collectedAtMs + (clock?.skewMs ?? 0);
    const rows = sync.status.providers.filter(
      ({ provider }) => target.provider === null || provider === target.provider,
    );
    const told = rows.filter(
      (row) => row.watermarkTs != null || row.status === "lagging" || isDeaf(row.provider),
    );
    const findings = told.flatMap(
      (row): FindingDraft<"doctor.sync-no-watermark" | "doctor.feed-silent">[] => {
        const { provider } = row;
        const shared = {
          subject: { kind: "provider", ref: provider } as const,
          evidence: [proof(sync.probe)],
          remedy: {
            text: `Look at ${provider}`,
            commands: [suggest(`relayfile integration status ${provider}`)],
          },
        };
        if (row.cursor == null && row.watermarkTs == null) {
          if ((row.lagSeconds ?? 0) > 0) return [];
          const title = `${provider} counts as ${row.status} with no lag: nothing was ever received from it`;
          const facts = { provider, status: row.status, webhookHealthy: !isDeaf(provider) };
          return [{ ...shared, facts, code: "doctor.sync-no-watermark", title }];
        }
        const newest = events?.items.find(
          (event) => event.provider === provider && event.origin === "provider_sync",
        );
        const heardMs = Math.max(Date.parse(row.watermarkTs ?? "") || 0, Date.parse(newest?.at ?? "") || 0);
        if (row.status !== "healthy" || heardMs === 0 || nowMs - heardMs < SILENT_MS) return [];
        const hours = Math.floor((nowMs - heardMs) / 3_600_000);
        const facts = { provider, heardAt: isoTime(heardMs), hours };
        const title = `${provider} has been silent for ${hours} h while it counts as healthy`;
        const ruledOut = [
          "a queue that moves slowly: it is empty",
          ...(mirrorAgrees(provider) ? ["a stale mirror: its files have the server's bytes"] : []),
        ];
        return [{ ...shared, facts, ruledOut, confidence: "possible", code: "doctor.feed-silent", title }];
      },
    );
    return judged(told.length, findings, `${plural(told.length, "provider")} with a history`);

    function mirrorAgrees(provider: string): boolean {
      const own = (mirror?.compared ?? []).filter((file) => file.path.startsWith(`/${provider}/`));
      return own.length > 0 && own.every((file) => file.local === file.remote);
    }

    function isDeaf(provider: string): boolean {
      const status = integrations?.statuses.find((entry) => entry.provider === provider)?.status;
      return status?.webhookHealthy === false;
    }
  },
});
