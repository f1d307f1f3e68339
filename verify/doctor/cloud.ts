/** The cloud identity and what the control plane says about integrations and sync. */
import { formatDuration } from "../../lib/model/duration.ts";
import {
  defineCheck,
  type FindingDraft,
  isOutage,
  judged,
  plural,
  proof,
  skip,
  suggest,
  unknown,
} from "../check.ts";
import { arrivedWithoutBearer, sentHeader } from "./_bearer.ts";
import { KIND_WORDS } from "./workspace-token.ts";

const CONNECTED = new Set(["connected", "oauth_connected", "sync_queued", "syncing", "ready"]);

/** DR-04. */
export const cloudSessionValid = defineCheck({
  id: "doctor.cloud-session-valid",
  title: "the cloud token is accepted by the control plane",
  severity: "warn",
  phase: "auth",
  needs: ["target", "credentials"],
  wants: ["cloudIdentity", "clock"],
  after: ["doctor.control-plane-answers"],
  refs: ["DR-04", "symptom:1", "symptom:3", "symptom:4", "S02"],
  hint: "Sign in again: relayfile login",
  findings: {
    "doctor.cloud-token-wrong-kind": {
      severity: "error",
      class: "auth",
      means:
        "The credential given for the control plane is a workspace token or something else, not a cloud token.",
      decided: "By its form; it was not sent to identity routes.",
      not: "Not an expired session.",
      fix: "Sign in; the cloud token starts with cld_at_.",
    },
    "doctor.cloud-access-expired": {
      severity: "warn",
      means:
        "The cloud access token has expired, but its refresh token is still good: the next command renews it.",
      decided: "By the expiry dates in the credential file and the server's clock.",
      not: "Not a lost session: no new sign-in is needed.",
      fix: "Nothing, or sign in again if a refresh is refused.",
    },
    "doctor.cloud-session-expired": {
      severity: "warn",
      class: "auth",
      means: "The cloud session has ended: access token expired and nothing to renew it with.",
      decided: "By the expiry dates in the credential file, or by 401 from whoami.",
      not: "Not a workspace token problem: reading files may still work until that one expires.",
      fix: "Sign in again.",
    },
    "doctor.cloud-authorization-stripped": {
      severity: "warn",
      means:
        "The request to the control plane arrived without its Authorization header, or with another one in its place.",
      decided:
        "whoami answers 401 'missing bearer token' although the header was sent; a session that has ended is named otherwise.",
      not: "Not an ended session: the control plane never saw the token, and signing in again changes nothing.",
      fix: "Something between here and the control plane removes or replaces the header: check the proxy.",
    },
    "doctor.cloud-credential-damaged": {
      severity: "warn",
      class: "auth",
      means: "A credential file exists and cannot be used: not JSON, fields missing, or not readable.",
      decided: "By reading the file.",
      not: "Not an expired session.",
      fix: "Sign in again; the file is written anew.",
    },
  },
  run: ({ target, credentials, cloudIdentity, clock }) => {
    const nowMs = credentials.collectedAtMs + (clock?.skewMs ?? 0);
    const damaged = credentials.files.filter(
      (file) => file.state === "invalid" || file.state === "unreadable",
    );
    const findings: FindingDraft<
      | "doctor.cloud-token-wrong-kind"
      | "doctor.cloud-access-expired"
      | "doctor.cloud-session-expired"
      | "doctor.cloud-authorization-stripped"
      | "doctor.cloud-credential-damaged"
    >[] = damaged.map((file) => ({
      code: "doctor.cloud-credential-damaged",
      title: `${file.path} cannot be used: ${file.problem ?? file.state}`,
      subject: { kind: "file", ref: file.path },
      evidence: [{ type: "file", path: file.path }],
      facts: {
        state: file.state,
        part: file.name === "workspace-credentials" ? "workspaceToken" : "cloudToken",
      },
      remedy: {
        text: "Sign in again; the file is written anew",
        commands: [suggest("relayfile login", "write")],
      },
    }));
    const token = target.cloudToken;
    if (token === null) {
      if (findings.length === 0) return skip("no cloud token is configured");
      return judged(damaged.length, findings, "a credential file is damaged");
    }
    const shared = { subject: { kind: "token", ref: "cloud" } as const, facts: { source: token.source } };
    const login = { text: "Sign in again", commands: [suggest("relayfile login", "write")] };
    if (token.kind !== "cloud-access" && token.kind !== "unknown") {
      findings.push({
        ...shared,
        code: "doctor.cloud-token-wrong-kind",
        title: `${token.source} holds ${KIND_WORDS[token.kind]}, the control plane needs a cloud token`,
        evidence: [{ type: "log", line: `${token.source}: ${token.kind}` }],
        remedy: login,
      });
      return judged(1, findings, "the cloud token is of another kind");
    }
    const file = credentials.files.find((entry) => entry.fingerprint === token.fingerprint);
    const accessEnded = isPast(file?.accessExpiresAt, nowMs);
    const refreshable =
      file?.refreshExpiresAt == null ? file !== undefined : !isPast(file.refreshExpiresAt, nowMs);
    const refused = cloudIdentity?.probe.status === 401;
    if (accessEnded && refreshable) {
      findings.push({
        ...shared,
        code: "doctor.cloud-access-expired",
        severity: "info",
        title: `the cloud access token of ${token.source} has expired and will be renewed`,
        evidence: [{ type: "compare", a: String(file?.accessExpiresAt), b: "now", relation: "earlier than" }],
      });
    } else if (!accessEnded && cloudIdentity !== null && arrivedWithoutBearer(cloudIdentity.probe)) {
      findings.push({
        ...shared,
        code: "doctor.cloud-authorization-stripped",
        confidence: "likely",
        title: "the Authorization header did not arrive at the control plane",
        evidence: [sentHeader(token.fingerprint), proof(cloudIdentity.probe)],
        facts: { ...shared.facts, withoutBearer: true },
        ruledOut: ["an ended session: the control plane has other words for a token it refuses"],
      });
    } else if (accessEnded || refused) {
      findings.push({
        ...shared,
        code: "doctor.cloud-session-expired",
        title: `the cloud session of ${token.source} has ended`,
        evidence: cloudIdentity === null ? [] : [proof(cloudIdentity.probe)],
        remedy: login,
      });
    }
    if (cloudIdentity !== null && findings.length === 0 && isOutage(cloudIdentity.probe)) {
      return unknown(`whoami gave no answer (${cloudIdentity.probe.status ?? cloudIdentity.probe.failure})`);
    }
    return judged(1, findings, findings[0]?.title ?? `the cloud token of ${token.source} is in order`);
  },
});

/** DR-08, DR-09, DR-11. */
export const integrationsHealthy = defineCheck({
  id: "doctor.integrations-healthy",
  title: "every connected provider is ready and its connection matches",
  severity: "error",
  phase: "connect",
  needs: ["integrations", "target"],
  after: ["doctor.control-plane-answers", "doctor.workspace-readable"],
  refs: ["DR-08", "DR-09", "DR-11", "symptom:22", "symptom:44", "symptom:47", "symptom:49"],
  hint: "Look at the provider: relayfile integration status PROVIDER",
  findings: {
    "doctor.integrations-refused": {
      severity: "error",
      class: "auth",
      means:
        "The control plane refuses the token for this workspace's integrations. It demands that the token's workspace equals the one in the path.",
      decided: "403 or 401 on the integrations list while the file API accepted the same token.",
      not: "Not an expired token: the file API would refuse it too.",
      fix: "Use the rw_ id of the token's wks claim, or the cloud token of a member.",
    },
    "doctor.connection-unmatched": {
      severity: "error",
      means:
        "The user connected the provider and a connection exists, but the integration still points elsewhere: the connection-created event was not ingested.",
      decided: "connectionMatched is false while a current connection id exists.",
      not: "Not an unfinished sign-in at the provider: then no connection would exist.",
      fix: "Adopt the connection, or connect again.",
    },
    "doctor.oauth-pending": {
      severity: "warn",
      means: "Signing in at the provider was started and not finished.",
      decided: "oauth.connected is false and there is no error and no connection id.",
      not: "Not a lost event: nothing was connected yet.",
      fix: "Finish signing in, or request a new link: links live 10 to 30 minutes.",
    },
    "doctor.sync-never-started": {
      severity: "error",
      means:
        "The first sync is queued but was never registered with a sync name and a model; usually a plan or quota limit of the connector.",
      decided: "initialSync.state is queued with syncName and model null.",
      not: "Not a slow sync: that has a name.",
      fix: "Ask the operator to check the connector plan.",
    },
    "doctor.integration-error": {
      severity: "error",
      means: "The integration reports an error of its own.",
      decided: "lastError of its status, or a status of error or degraded.",
      not: "Not a token problem here: the status could be read.",
      fix: "Follow the message; reconnect if it speaks of authorisation.",
    },
    "doctor.integration-status-unreadable": {
      severity: "error",
      class: "transient",
      means: "The control plane lists the provider but gives no usable status for it.",
      decided: "By the answer of its status route.",
      not: "Not a disconnected provider.",
      fix: "Repeat; if it persists, report the correlation id.",
    },
  },
  run: ({ integrations, target }) => {
    const { list, rows, statuses } = integrations;
    type Codes =
      | "doctor.integrations-refused"
      | "doctor.connection-unmatched"
      | "doctor.oauth-pending"
      | "doctor.sync-never-started"
      | "doctor.integration-error"
      | "doctor.integration-status-unreadable";
    if (rows === null) {
      if (list.status === 401 || list.status === 403) {
        return judged<Codes>(
          1,
          [
            {
              code: "doctor.integrations-refused",
              title: `the control plane refuses the token for this workspace (${list.status}): ${list.message ?? "no message"}`,
              subject: { kind: "endpoint", ref: "integrations" },
              evidence: [proof(list)],
              facts: {
                status: list.status,
                workspace: target.workspace?.id ?? null,
                withoutBearer: arrivedWithoutBearer(list),
              },
              ruledOut: ["the token as a whole: the file API accepted it"],
            },
          ],
          "the integrations list is refused",
        );
      }
      return unknown(`the integrations list gave no usable answer (${list.status ?? list.failure})`);
    }
    const findings = statuses.flatMap(({ provider, probe, status }): FindingDraft<Codes>[] => {
      const shared = {
        subject: { kind: "provider", ref: provider } as const,
        evidence: [proof(probe)],
        remedy: {
          text: `Look at ${provider}`,
          commands: [suggest(`relayfile integration status ${provider}`)],
        },
      };
      if (status === null) {
        const title = `the status of ${provider} gave no usable answer (${probe.status ?? probe.failure})`;
        return [
          {
            ...shared,
            code: "doctor.integration-status-unreadable",
            title,
            facts: { provider, status: probe.status },
          },
        ];
      }
      const row = rows.find((entry) => entry.provider === provider);
      const state = status.state ?? row?.status ?? "unknown";
      const current = status.currentConnectionId ?? null;
      const facts = {
        provider,
        state,
        ready: status.ready,
        connectionMatched: status.connectionMatched ?? null,
        hasCurrentConnection: current !== null && current !== "",
        syncState: status.initialSync?.state ?? null,
      };
      if (status.connectionMatched === false && facts.hasCurrentConnection) {
        return [
          {
            ...shared,
            facts,
            code: "doctor.connection-unmatched",
            title: `${provider} has a connection the integration does not know`,
          },
        ];
      }
      if (status.oauth?.connected === false && !status.ready) {
        return [
          {
            ...shared,
            facts,
            code: "doctor.oauth-pending",
            title: `signing in at ${provider} is not finished`,
          },
        ];
      }
      const sync = status.initialSync;
      if (sync?.state === "queued" && sync.syncName == null && sync.model == null) {
        return [
          {
            ...shared,
            facts,
            code: "doctor.sync-never-started",
            title: `the first sync of ${provider} was never registered`,
          },
        ];
      }
      const error = errorText(status.lastError);
      if (error !== null || (!status.ready && !CONNECTED.has(state))) {
        const title = `${provider} ${state === "error" ? "reports an error" : `is ${state}`}${error === null ? "" : `: ${error}`}`;
        return [{ ...shared, facts, code: "doctor.integration-error", title }];
      }
      return [];
    });
    if (findings.some((finding) => finding.code === "doctor.integration-status-unreadable")) {
      return unknown("a provider's status gave no usable answer", findings);
    }
    const names = statuses.map((entry) => entry.provider).join(", ");
    return judged(
      statuses.length,
      findings,
      statuses.length === 0 ? "no provider is connected" : `${plural(statuses.length, "provider")}: ${names}`,
    );
  },
});

/** The file API's own view of each provider's queue. */
export const syncHealthy = defineCheck({
  id: "doctor.sync-healthy",
  title: "no provider's sync is in error or lagging",
  severity: "error",
  phase: "sync",
  needs: ["sync", "target"],
  after: ["doctor.scopes-suffice"],
  refs: ["DR-28", "symptom:50"],
  hint: "Look at the failed envelopes and ops: relayfile ops list --status dead_lettered",
  findings: {
    "doctor.sync-provider-error": {
      severity: "error",
      means: "The file API counts dead-lettered envelopes or ops of this provider.",
      decided: "By the provider's row in sync/status.",
      not: "Not lag: that is a queue that moves slowly.",
      fix: "Look at the failed items, fix their cause, replay them.",
    },
    "doctor.sync-lagging": {
      severity: "warn",
      means: "The oldest unprocessed webhook of this provider has waited for more than 30 seconds.",
      decided: "By the provider's row in sync/status.",
      not: "Not a failure: nothing was dropped.",
      fix: "Wait; if it grows, look at the service's ingress.",
    },
  },
  run: ({ sync, target }) => {
    if (sync.status === null) return unknown("sync/status gave no usable answer");
    const rows = sync.status.providers.filter(
      (row) => target.provider === null || row.provider === target.provider,
    );
    const findings = rows.flatMap(
      (row): FindingDraft<"doctor.sync-provider-error" | "doctor.sync-lagging">[] => {
        const shared = {
          subject: { kind: "provider", ref: row.provider } as const,
          evidence: [proof(sync.probe)],
          facts: {
            provider: row.provider,
            lagSeconds: row.lagSeconds ?? null,
            deadLetteredEnvelopes: row.deadLetteredEnvelopes ?? 0,
            deadLetteredOps: row.deadLetteredOps ?? 0,
          },
        };
        if (row.status === "error") {
          const title = `${row.provider} sync is in error${row.lastError ? `: ${row.lastError}` : ""}`;
          const line = `relayfile ops list --status dead_lettered --provider ${row.provider}`;
          const remedy = { text: "Look at what failed, fix its cause, replay it", commands: [suggest(line)] };
          return [{ ...shared, remedy, code: "doctor.sync-provider-error", title }];
        }
        if (row.status === "lagging") {
          return [
            {
              ...shared,
              code: "doctor.sync-lagging",
              title: `${row.provider} sync lags by ${row.lagSeconds == null ? "an unknown time" : formatDuration(row.lagSeconds * 1_000)}`,
              remedy: {
                text: "Wait; if it grows, look at the provider",
                commands: [suggest(`relayfile integration status ${row.provider}`)],
              },
            },
          ];
        }
        return [];
      },
    );
    return judged(rows.length, findings, `${plural(rows.length, "provider")} in sync/status`);
  },
});

function isPast(at: string | null | undefined, nowMs: number): boolean {
  const ms = Date.parse(at ?? "");
  return !Number.isNaN(ms) && ms <= nowMs;
}

function errorText(error: unknown): string | null {
  if (typeof error === "string" && error !== "") return error;
  const message = (error as { message?: unknown } | null | undefined)?.message;
  return typeof message === "string" ? message : null;
}
