/** One workspace as a Durable Object: its SQLite, its sockets, its alarm, and the file API in front of them. */
import { DurableObject } from "cloudflare:workers";
import { fail, messageOf } from "../../errors.ts";
import type { Log } from "../../ports.ts";
import { TokenVerifier } from "../../service/auth/token.ts";
import { createFileApi, type Service } from "../../service/file-api/mod.ts";
import { livePipeline } from "../../service/live-pipeline.ts";
import { MANAGED_METHODS } from "../../service/managed-workspace.ts";
import { accessOptions, sampleLimitOf, sourceOf } from "../../service/provider-settings.ts";
import { RateLimiter } from "../../service/rate-limit.ts";
import { webSha256 } from "../../service/workspace/context.ts";
import { WorkspaceObject as Workspace } from "../../service/workspace-object.ts";
import { VERSION } from "../../version.ts";
import { realClock } from "../clock.ts";
import { ObjectAlarm } from "./alarm.ts";
import { answerWhole } from "./answer.ts";
import { bucketBodyStore, removeBodies } from "./body-store.ts";
import { CONTROL_PLANE_NAME, METRICS } from "./isolate.ts";
import { outcomeOf } from "./outcome.ts";
import { variablesOf, WORKERS_RANDOM, workersFetch, workersLog } from "./ports.ts";
import { publishedKeyResolver } from "./published-keys.ts";
import { rateLimitOf, simulatorUrlOf } from "./settings.ts";
import { durableDatabase } from "./sqlite.ts";
import type { Bindings, ControlPlaneStub, ObjectState, Outcome, PlatformSocket } from "./types.ts";
import { FeedSockets } from "./websocket.ts";

/** What an object remembers about itself: whose it is, or that it was. */
interface Identity {
  readonly workspaceId: string;
  /** True once the workspace was deleted: ids are never given out again. */
  readonly gone: boolean;
}

const IDENTITY = "identity";
/** Pages of a thousand bodies removed at once; more would run into the platform's limit of calls. */
const REMOVED_PAGES_MAX = 200;
const TROUBLE_WAIT_MS = 5_000;
/** How long after a deletion its last requests may still store bodies. */
const STRAGGLERS_MS = 60_000;
/** While deliveries are under way the alarm comes at least this often, so that they survive the end of the object. */
const IN_FLIGHT_LOOK_MS = 30_000;

/** The Durable Object of a workspace. Its name is the `rw_` id. */
export class WorkspaceObject extends DurableObject<Bindings> {
  private readonly log: Log;
  private readonly alarms: ObjectAlarm;
  private readonly sockets: FeedSockets;
  private readonly service: Service;
  private opening: Promise<Workspace | null> | null = null;

  constructor(ctx: ObjectState, env: Bindings) {
    super(ctx, env);
    const clock = realClock();
    this.log = workersLog(variablesOf(env));
    this.alarms = new ObjectAlarm(ctx.storage, clock);
    this.sockets = new FeedSockets(ctx, clock);
    FeedSockets.answerPings(ctx);
    this.service = createFileApi({
      clock,
      log: this.log,
      version: VERSION,
      verifier: new TokenVerifier(
        publishedKeyResolver(() => this.controlPlane(), clock),
        () => clock.now(),
      ),
      workspace: (id) => this.open(id),
      managed: async () => null,
      workspaceIds: () => [],
      metrics: METRICS,
      limiter: new RateLimiter(rateLimitOf(variablesOf(env)), () => clock.monotonicMs()),
      upgrade: (_request, session) => this.sockets.upgrade(session),
    });
  }

  /** Answers a request of the file API for this workspace. */
  fetch(request: Request): Promise<Response> {
    return answerWhole(this.service, request);
  }

  /** Runs one of the methods that the control plane may call. */
  manage(workspaceId: string, method: string, args: readonly unknown[]): Promise<Outcome> {
    return outcomeOf(async () => {
      const known = MANAGED_METHODS.find((name) => name === method);
      if (known === undefined) fail("not_found", `a workspace has no method ${method}`);
      const workspace = await this.open(workspaceId);
      if (workspace === null) fail("workspace_not_found", `no workspace ${workspaceId}`);
      const call = workspace[known] as (...args: readonly unknown[]) => unknown;
      return call.apply(workspace, args as unknown[]);
    });
  }

  /** Deletes everything of the workspace. May be repeated. */
  async destroy(workspaceId: string): Promise<void> {
    const open = this.opening;
    const identity: Identity = { workspaceId, gone: true };
    await this.ctx.storage.put(IDENTITY, identity);
    this.opening = Promise.resolve(null);
    this.sockets.closeAll(1001, "workspace deleted");
    await open?.then((workspace) => workspace?.close());
    await this.alarms.clear();
    await this.ctx.storage.deleteAll();
    await this.ctx.storage.put(IDENTITY, identity);
    await this.sweep(workspaceId);
    // A body that was on its way meanwhile arrives after its workspace is gone.
    this.alarms.wake(Date.now() + STRAGGLERS_MS);
  }

  /** Due work of the workspace, at the time it asked for. */
  async alarm(): Promise<void> {
    this.alarms.rang();
    const identity = await this.identity();
    if (identity?.gone) return this.sweep(identity.workspaceId);
    if (identity !== null) await this.runDue(identity.workspaceId);
  }

  /** A frame of a subscriber, possibly the first thing after a sleep. */
  async webSocketMessage(socket: PlatformSocket, message: string | ArrayBuffer): Promise<void> {
    await this.reopen();
    this.sockets.message(socket, message);
  }

  /** A subscriber left; its close is answered with the same code, or it would wait. */
  webSocketClose(socket: PlatformSocket, code: number, reason: string): void {
    this.sockets.left(socket, code, reason);
  }

  /** A subscriber was lost. */
  webSocketError(socket: PlatformSocket): void {
    this.sockets.closed(socket);
  }

  /** The workspace, or null when the control plane knows none of this id. */
  private open(workspaceId: string): Promise<Workspace | null> {
    this.opening ??= this.load(workspaceId).then(
      (workspace) => {
        // It may be created later, so only what exists is remembered.
        if (workspace === null) this.opening = null;
        return workspace;
      },
      (thrown) => {
        this.opening = null;
        throw thrown;
      },
    );
    return this.opening;
  }

  private async runDue(workspaceId: string): Promise<void> {
    try {
      const workspace = await this.open(workspaceId);
      const next = (await workspace?.runDue(Date.now())) ?? null;
      if (next !== null) this.alarms.wake(Math.max(next, Date.now() + 1));
      if ((workspace?.context.inFlight.size ?? 0) > 0) this.alarms.wake(Date.now() + IN_FLIGHT_LOOK_MS);
    } catch (thrown) {
      // The platform gives up on alarms that keep failing; this one is simply asked for again.
      this.log.error("due work failed", { workspace: workspaceId, error: messageOf(thrown) });
      this.alarms.wake(Date.now() + TROUBLE_WAIT_MS);
    }
  }

  private async reopen(): Promise<void> {
    if (this.opening !== null) return;
    const identity = await this.identity();
    if (identity !== null) await this.open(identity.workspaceId);
  }

  private async load(workspaceId: string): Promise<Workspace | null> {
    const known = await this.identity();
    if (known?.gone) return null;
    if (known === null) {
      if (!(await this.controlPlane().exists(workspaceId))) return null;
      const identity: Identity = { workspaceId, gone: false };
      await this.ctx.storage.put(IDENTITY, identity);
    }
    const variables = variablesOf(this.env);
    const clock = this.alarms.asClock();
    const simulatorUrl = simulatorUrlOf(variables);
    const { log } = this;
    await this.alarms.restore();
    const workspace = await Workspace.open(workspaceId, {
      db: durableDatabase(this.ctx.storage),
      bodies: bucketBodyStore(this.env.BODIES),
      clock,
      random: WORKERS_RANDOM,
      log,
      sha256: webSha256,
      pipeline: livePipeline({
        clock,
        random: WORKERS_RANDOM,
        log,
        fetch: workersFetch,
        simulatorUrl,
        timeZone: variables.RELAYFILE_TIME_ZONE ?? null,
        source: (provider) => sourceOf(variables, provider),
        access: accessOptions(variables),
        sampleLimit: sampleLimitOf(variables),
      }),
      wake: (atMs) => this.alarms.wake(atMs),
    });
    // What the last life of the object left undone is due now; without an alarm, which would cost a write per waking.
    if (known !== null) void this.runDue(workspaceId);
    const sockets = this.sockets.resume(workspace);
    log.debug("workspace opened", { workspace: workspaceId, fresh: known === null, sockets });
    return workspace;
  }

  private async identity(): Promise<Identity | null> {
    return (await this.ctx.storage.get<Identity>(IDENTITY)) ?? null;
  }

  private async sweep(workspaceId: string): Promise<void> {
    if (await removeBodies(this.env.BODIES, workspaceId, REMOVED_PAGES_MAX)) return;
    this.alarms.wake(Date.now());
  }

  private controlPlane(): ControlPlaneStub {
    const { CONTROL_PLANE } = this.env;
    return CONTROL_PLANE.get(CONTROL_PLANE.idFromName(CONTROL_PLANE_NAME));
  }
}
