/** `relayfile integration connect`: connects a provider; where a person must approve, opens the link and waits. */
import type { Session } from "../../lib/client/session.ts";
import { requireWorkspace } from "../../lib/client/target.ts";
import { fail, isRelayfileError, type RelayfileError } from "../../lib/errors.ts";
import { CLIENT } from "../../lib/limits.ts";
import type { IntegrationStatus } from "../../lib/model/integration.ts";
import { openInBrowser } from "../_browser.ts";
import { type CommandContext, command, type Document } from "../_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";
import { requireProvider } from "./_providers.ts";

/** What `integration connect` prints. */
export interface IntegrationConnectDocument extends Document {
  readonly kind: "relayfile.integration-connect";
  readonly workspaceId: string;
  readonly provider: string;
  readonly connected: boolean;
  /** Page on which a person approves; null once connected. It carries a session token: share it with nobody. */
  readonly connectLink: string | null;
  readonly linkExpiresAt: string | null;
  readonly status: IntegrationStatus | null;
}

const CONNECTED_STATES = ["connected", "oauth_connected", "sync_queued", "syncing", "ready"];
/** Status routes are shared by everybody: never ask one more often than this, in ms. */
const POLL_MS = 5_000;
const POLL_CAP_MS = 60_000;
const WAIT_MS = 5 * 60_000;

export default command({
  name: "connect",
  description: "Connect a provider to a workspace",
  args: {
    provider: {
      type: "positional",
      required: true,
      description: "Provider, for example github",
      valueHint: "PROVIDER",
    },
    backend: {
      type: "string",
      valueHint: "NAME",
      description:
        "Connection backend, chosen by the service when left out; direct calls the provider itself, with the credential the service holds",
    },
    metadata: {
      type: "strings",
      valueHint: "KEY=VALUE",
      description:
        "Metadata of the connection, in place of what it had, for example cloudId=SITE; repeatable",
    },
    open: {
      type: "boolean",
      default: true,
      description: "Open the link in a browser; --no-open only prints it",
    },
    wait: {
      type: "boolean",
      default: true,
      description: "Wait for approval, at most 5 minutes; --no-wait returns at once",
    },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile integration connect github", "open the approval page and wait"],
    ["relayfile integration connect linear --no-wait --json", "print the link for somebody else"],
    ["relayfile integration connect jira --backend direct --metadata cloudId=SITE", "call Jira Cloud itself"],
  ],
  run: async (args, context) =>
    withSession(targetFlags(args), context, async (session) => {
      const { id } = requireWorkspace(session.target);
      await requireProvider(session.control, args.provider, context.signal);
      const metadata = metadataOf(args.metadata);
      const api = session.controlAsAny;
      const link = await api.connect(id, args.provider, args.backend, { signal: context.signal });
      if (metadata !== null) await api.setMetadata(id, args.provider, metadata, { signal: context.signal });
      let status = await statusOf(session, id, args.provider, context);
      if (!isConnected(status) && args.wait) {
        context.ports.log.warn(`approve the connection at ${link.connectLink}`);
        if (args.open) await openInBrowser(link.connectLink, context);
        status = await waitForApproval(session, id, args.provider, context);
      }
      const connected = isConnected(status);
      const document: IntegrationConnectDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.integration-connect",
        workspaceId: id,
        provider: args.provider,
        connected,
        connectLink: connected ? null : link.connectLink,
        linkExpiresAt: connected ? null : link.expiresAt,
        status,
      };
      return { document, exit: connected || !args.wait ? "PASS" : "UNDETERMINED" };
    }),
});

/** The pairs of `--metadata`; null without any. Fails with `usage` for one without a key or value. */
function metadataOf(pairs: readonly string[]): Record<string, string> | null {
  const entries = pairs.map((pair): [string, string] => {
    const [, key, value] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
    if (key === undefined || value === undefined) fail("usage", `--metadata takes KEY=VALUE, not ${pair}`);
    return [key, value];
  });
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

function isConnected(status: IntegrationStatus | null): boolean {
  return status !== null && (status.ready || CONNECTED_STATES.includes(status.state ?? ""));
}

async function statusOf(
  session: Session,
  id: string,
  provider: string,
  context: CommandContext,
): Promise<IntegrationStatus | null> {
  try {
    return await session.controlAsAny.integrationStatus(id, provider, { signal: context.signal });
  } catch (thrown) {
    if (isRelayfileError(thrown, "not_found")) return null;
    throw thrown;
  }
}

/** Asks every 5 s with 20 % jitter; errors double the pause up to a minute, a 429 says how long to wait. */
async function waitForApproval(
  session: Session,
  id: string,
  provider: string,
  context: CommandContext,
): Promise<IntegrationStatus | null> {
  const { clock, random } = context.ports;
  const deadlineMs = clock.monotonicMs() + WAIT_MS;
  let pauseMs = POLL_MS;
  let status: IntegrationStatus | null = null;
  while (clock.monotonicMs() < deadlineMs) {
    await clock.sleep(pauseMs * (1 + 0.2 * random.float()), context.signal);
    try {
      status = await statusOf(session, id, provider, context);
      pauseMs = POLL_MS;
    } catch (thrown) {
      if (!isRelayfileError(thrown) || !thrown.retryable) throw thrown;
      pauseMs = pauseAfter(thrown, pauseMs);
    }
    if (isConnected(status)) break;
  }
  return status;
}

function pauseAfter(error: RelayfileError, lastMs: number): number {
  const seconds = Number(error.details.retryAfter);
  const asked = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : lastMs * 2;
  return Math.min(Math.max(asked, POLL_MS), POLL_CAP_MS, CLIENT.retryCapMs);
}
