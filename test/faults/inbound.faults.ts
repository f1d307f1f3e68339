/** Webhooks that were dropped, wait, failed for good, or stopped coming. */
import { type Ask, faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";
import { route } from "./proxy.ts";

type Json = Record<string, unknown>;

const counters = (change: Json) => (bench: Bench) =>
  void bench.proxy.rules.push({
    when: route("/sync/ingress"),
    json: (body: Json) => ({
      ...body,
      ingressByProvider: { github: { acceptedTotal: 50, ...change } },
      acceptedTotal: 50,
      ...change,
    }),
  });

/** Changes one provider's row in sync/status. */
const row = (provider: string, change: Json) => (bench: Bench) =>
  void bench.proxy.rules.push({
    when: route("/sync/status"),
    json: (body: { providers: Json[] }) => ({
      ...body,
      providers: body.providers.map((one) => (one.provider === provider ? { ...one, ...change } : one)),
    }),
  });

/** The digests count the same events, so only what is asked about the machine and the service is asked here. */
const WITHOUT_DIGESTS: Ask = { what: "doctor", args: { only: ["doctor.*"] } };

/** Lets everything that ever came from GitHub be two days old. */
const silent = (bench: Bench) => {
  const at = new Date(Date.now() - 48 * 3_600_000).toISOString();
  row("github", { status: "healthy", lagSeconds: 0, watermarkTs: at })(bench);
  bench.proxy.rules.push({
    when: route("/fs/events"),
    json: (page: { events: Json[] }) => ({
      ...page,
      events: page.events.map((event) => (event.provider === "github" ? { ...event, timestamp: at } : event)),
    }),
  });
};

export default faultsOf("inbound", { needs: ["file-api", "token", "workspace-reads", "ops"] }, [
  {
    id: "webhook-failed-for-good",
    refs: ["DR-28"],
    inject: (bench) =>
      void bench.proxy.rules.push({
        when: route("/sync/dead-letter"),
        json: (page: Json) => ({
          ...page,
          items: [
            {
              envelopeId: "env_1",
              provider: "github",
              failedAt: new Date().toISOString(),
              attemptCount: 3,
              lastError: "payload has no repository",
            },
          ],
        }),
      }),
    expect: { root: "doctor.envelope-dead", exit: 1 },
    never: ["doctor.ingress-dropped", "doctor.dead-letter-present"],
  },
  {
    id: "webhooks-dropped",
    refs: ["DR-28"],
    inject: counters({ droppedTotal: 12 }),
    expect: { root: "doctor.ingress-dropped", exit: 0 },
    never: ["doctor.envelope-dead"],
  },
  {
    id: "webhooks-wait-for-minutes",
    refs: ["DR-28"],
    inject: counters({ pendingTotal: 40, oldestPendingAgeSeconds: 900 }),
    expect: { root: "doctor.ingress-backlog", exit: 0 },
    never: ["doctor.ingress-dropped"],
  },
  {
    id: "nothing-was-ever-received",
    refs: ["symptom:50"],
    inject: row("linear", { status: "lagging", lagSeconds: 0, cursor: null, watermarkTs: null }),
    expect: { root: "doctor.sync-no-watermark", exit: 0 },
    never: ["doctor.feed-silent"],
  },
  {
    id: "provider-silent-for-two-days",
    refs: ["symptom:51"],
    ask: WITHOUT_DIGESTS,
    inject: silent,
    expect: { root: "doctor.feed-silent", exit: 0 },
    never: ["doctor.sync-lagging", "doctor.sync-no-watermark"],
  },
  {
    id: "provider-silent-beside-a-true-mirror",
    refs: ["symptom:57"],
    mirror: true,
    ask: WITHOUT_DIGESTS,
    inject: silent,
    expect: { root: "doctor.feed-silent", exit: 0 },
    never: ["doctor.mirror-stale", "doctor.mount-lagging"],
  },
]);
