/**
 * The contract suites against a deployment of anybody, started by `scripts/contract.ts`, which passes the settings by
 * variables and reads the outcomes. A route the deployment lacks ends its tests as "not deployed"; all else is real.
 */
import { readClaims } from "../../lib/model/token.ts";
import { callControlPlane, signIn } from "../../scripts/worker/session.ts";
import { testAccess } from "./access.contract.ts";
import { testControlPlane } from "./control-plane.contract.ts";
import { testFeed } from "./feed.contract.ts";
import { testFileApi } from "./file-api.contract.ts";
import { NotJudged, record } from "./harness.ts";
import { testIngress } from "./ingress.contract.ts";
import { type LackingRoute, lackingRoutes } from "./probe.ts";
import { type Deployment, routeName, routeOf } from "./routes.ts";
import { ALL_SCOPES, type ContractTarget } from "./target.ts";
import { testTransfer } from "./transfer.contract.ts";

/** What the caller of the script chose. */
interface Settings extends Deployment {
  readonly workspaceToken: string | null;
  readonly cloudToken: string | null;
  readonly signInKey: string | null;
}

const settings = JSON.parse(process.env.RELAYFILE_CONTRACT_SETTINGS ?? "{}") as Settings;

/** Who suites call as unless they say otherwise; a given token may stand for it. */
const DEFAULT_AGENT = "tester";

/** Calls of the suites, with the routes that are not there answered by an exception instead of a guess. */
class DeployedTarget implements ContractTarget {
  readonly fileApiUrl = settings.fileApiUrl;
  readonly controlPlaneUrl = settings.controlPlaneUrl;
  readonly signInKey?: string;
  private readonly tokens = new Map<string, Promise<string>>();

  private constructor(
    readonly workspaceId: string,
    private readonly lacking: ReadonlyMap<string, string>,
    /** What may delete the workspace afterwards; null leaves it, because it was there before. */
    private readonly owner: string | null,
  ) {
    if (settings.signInKey !== null) this.signInKey = settings.signInKey;
  }

  /** A target with a workspace of its own, or with the one of the given token. */
  static async start(lacking: ReadonlyMap<string, string>): Promise<DeployedTarget> {
    const given = settings.workspaceToken === null ? null : readClaims(settings.workspaceToken);
    const outside = new DeployedTarget(given?.workspaceId ?? "", lacking, null);
    if (given !== null) return outside;
    const { accessToken } = await outside.cloud();
    const made = await callControlPlane<{ workspaceId: string }>(
      {
        url: `${settings.controlPlaneUrl}/api/v1/workspaces`,
        token: accessToken,
        method: "POST",
        body: { name: `contract-${crypto.randomUUID()}` },
        send: (request) => outside.fetch(request),
      },
      201,
    );
    if (made === null) throw new NotJudged("not-checked", "needs a workspace: POST workspaces made none");
    return new DeployedTarget(made.workspaceId, lacking, accessToken);
  }

  // Suites copy targets to look at another workspace, so what they call are properties.
  readonly fetch = async (request: Request): Promise<Response> => {
    this.requires(request.method, request.url);
    return fetch(request);
  };

  readonly requires = (method: string, url: string): void => {
    const route = routeOf(settings, method, url);
    if (route !== null && this.lacking.has(routeName(route)))
      throw new NotJudged("not-deployed", routeName(route));
  };

  readonly token = async (
    scopes: readonly string[],
    { agent = DEFAULT_AGENT, workspaceId = this.workspaceId, lifetimeMs }: TokenOptions = {},
  ): Promise<string> => {
    if (lifetimeMs !== undefined) {
      throw new NotJudged("not-checked", "needs a token that lives for another time than the service gives");
    }
    // Only the widest request may be answered with the given token: a narrower one asks what a narrower token meets.
    const given = settings.workspaceToken === null ? null : readClaims(settings.workspaceToken);
    const widest = ALL_SCOPES.every((scope) => scopes.includes(scope) && given?.scopes.includes(scope));
    const asGiven = agent === DEFAULT_AGENT && workspaceId === given?.workspaceId;
    if (settings.workspaceToken !== null && widest && asGiven) return settings.workspaceToken;
    const key = JSON.stringify([scopes, agent, workspaceId]);
    const known = this.tokens.get(key);
    if (known !== undefined) return known;
    const minted = this.mint(scopes, agent, workspaceId);
    this.tokens.set(key, minted);
    return minted;
  };

  readonly cloud = async (): Promise<{ accessToken: string; refreshToken: string }> => {
    const { cloudToken, signInKey, controlPlaneUrl } = settings;
    if (cloudToken !== null) return onlyAccess(cloudToken);
    const session = await signIn(controlPlaneUrl, {
      send: (request) => this.fetch(request),
      ...(signInKey === null ? {} : { key: signInKey }),
    });
    if (session === null)
      throw new NotJudged("not-checked", "needs a cloud session: --sign-in-key or --cloud-token");
    return session;
  };

  readonly stop = async (): Promise<void> => {
    if (this.owner === null) return;
    const url = `${this.controlPlaneUrl}/api/v1/workspaces/${this.workspaceId}`;
    await callControlPlane({ url, token: this.owner, method: "DELETE" }, 204);
  };

  private async mint(scopes: readonly string[], agent: string, workspaceId: string): Promise<string> {
    const token = this.owner ?? settings.cloudToken ?? settings.workspaceToken ?? "";
    const joined = await callControlPlane<{ token: string }>(
      {
        url: `${this.controlPlaneUrl}/api/v1/workspaces/${workspaceId}/join`,
        token,
        method: "POST",
        body: { agentName: agent, scopes },
        send: (request) => this.fetch(request),
      },
      200,
    );
    if (joined === null) throw new NotJudged("not-checked", `needs a token with ${scopes.join(" ")}`);
    return joined.token;
  }
}

interface TokenOptions {
  readonly agent?: string;
  readonly workspaceId?: string;
  readonly lifetimeMs?: number;
}

/** A session whose refresh token was not given. */
function onlyAccess(accessToken: string): { accessToken: string; refreshToken: string } {
  return {
    accessToken,
    get refreshToken(): string {
      throw new NotJudged("not-checked", "needs a fresh session: --sign-in-key");
    },
  };
}

async function probe(): Promise<LackingRoute[] | null> {
  try {
    return await lackingRoutes(settings);
  } catch (thrown) {
    record({ kind: "unreachable", message: thrown instanceof Error ? thrown.message : String(thrown) });
    return null;
  }
}

/** True when the workspace of a given token holds something already; then the suites would judge what others wrote. */
async function isInUse(): Promise<boolean> {
  const { workspaceToken, fileApiUrl } = settings;
  const workspaceId = workspaceToken === null ? null : readClaims(workspaceToken)?.workspaceId;
  if (workspaceId === null || workspaceId === undefined) return false;
  const answer = await fetch(`${fileApiUrl}/v1/workspaces/${workspaceId}/fs/events?limit=1`, {
    headers: { Authorization: `Bearer ${workspaceToken}`, "X-Correlation-Id": "relayfile-contract" },
  });
  if (!(answer.headers.get("content-type") ?? "").includes("json")) return false;
  const { events } = (await answer.json()) as { events?: unknown[] };
  return (events ?? []).length > 0;
}

const found = await probe();
if (found !== null && (await isInUse())) {
  record({
    kind: "unreachable",
    message: "the workspace of --token is in use; the suites need an empty one",
  });
} else if (found !== null) {
  for (const { route, why } of found) record({ kind: "lacking", route, why });
  const lacking = new Map(found.map(({ route, why }) => [route, why]));
  const start = () => DeployedTarget.start(lacking);
  testFileApi("deployed", start);
  testAccess("deployed", start);
  testFeed("deployed", start);
  testTransfer("deployed", start);
  testControlPlane("deployed", start);
  testIngress("deployed", start);
}
