/** The embedded stack: file API, control plane and provider simulator over one data directory, on loopback ports. */
import { join } from "node:path";
import { fail, messageOf } from "../../errors.ts";
import { TOKENS } from "../../limits.ts";
import { CURRENT_ERA, type Era, versionInEra } from "../../model/era.ts";
import { HOME_FILES } from "../../model/home-files.ts";
import { FULL_SCOPES } from "../../model/token.ts";
import type { Ports } from "../../ports.ts";
import { TokenVerifier } from "../../service/auth/token.ts";
import type { ControlPlaneEnv } from "../../service/control-plane/env.ts";
import { beginConnection, EMBEDDED_BACKEND } from "../../service/control-plane/integrations.ts";
import { createControlPlane } from "../../service/control-plane/mod.ts";
import { ControlStore, type WorkspaceRow } from "../../service/control-plane/store.ts";
import { type CloudPair, TokenMint } from "../../service/control-plane/tokens.ts";
import { createWorkspace } from "../../service/control-plane/workspaces.ts";
import { createFileApi } from "../../service/file-api/mod.ts";
import { CLOUD_PREFIX, createFront } from "../../service/front.ts";
import { livePipeline } from "../../service/live-pipeline.ts";
import { Metrics } from "../../service/metrics.ts";
import { accessOptions, sampleLimitOf, sourceOf, webhookSecretOf } from "../../service/provider-settings.ts";
import { type RateLimit, RateLimiter } from "../../service/rate-limit.ts";
import type { WorkspaceObject } from "../../service/workspace-object.ts";
import type { Simulator } from "../../simulator/mod.ts";
import { storedTables } from "../../simulator/tables.ts";
import { VERSION } from "../../version.ts";
import { lockDirectory, prepareDirectory, signingKeys, writePrivate } from "./data-directory.ts";
import { listen } from "./serve.ts";
import { openDatabase } from "./sqlite.ts";
import { WorkspaceHost } from "./workspace-host.ts";

/** What to start. */
export interface StackOptions {
  /** Created when missing; holds everything, the credential files included. */
  readonly dataDir: string;
  /** 0 or absent takes a free one. */
  readonly port?: number;
  /** Created when missing; default `local`. */
  readonly workspaceName?: string;
  /** Providers to connect, with their initial sync. */
  readonly providers?: readonly string[];
  readonly era?: Era;
  /** How long a join takes, ms. */
  readonly joinDelayMs?: number;
  /** IANA name for digests; UTC when absent. */
  readonly timeZone?: string;
  readonly rateLimit?: RateLimit;
  readonly ports: Ports;
}

/** A running stack. */
export interface Stack {
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
  readonly simulatorUrl: string;
  /** `rw_` id, the one in file API paths. */
  readonly workspaceId: string;
  /** The control plane's UUID of the same workspace. */
  readonly cloudWorkspaceId: string;
  readonly workspaceName: string;
  /** `credentials.json`: the workspace token. */
  readonly tokenFile: string;
  /** `cloud-credentials.json`: the cloud tokens. */
  readonly cloudTokenFile: string;
  readonly dataDir: string;
  readonly simulator: Simulator;
  /** Answers as the listener does, without a socket. */
  fetch(request: Request): Promise<Response>;
  /** The first workspace, for tests that look behind the API. */
  workspace(): Promise<WorkspaceObject>;
  /** Mints a workspace token for tests and probes. */
  mint(
    scopes: readonly string[],
    options?: { agent?: string; lifetimeMs?: number; workspaceId?: string },
  ): Promise<string>;
  /** A fresh cloud session, for tests and probes. */
  cloudSession(): Promise<CloudPair>;
  /** Ends everything; what was accepted is on disk. */
  stop(): Promise<void>;
}

/**
 * Starts both services and the simulator. Fails with `io_error` (data directory), `lock_held` (another serve on it) or
 * `port_in_use`; then nothing is left running.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  prepareDirectory(options.dataDir);
  const cleanups: (() => unknown)[] = [lockDirectory(options.dataDir, options.ports.host.pid)];
  try {
    return await start(options, cleanups);
  } catch (error) {
    for (const cleanup of cleanups.reverse()) await cleanup();
    throw error;
  }
}

async function start(options: StackOptions, cleanups: (() => unknown)[]): Promise<Stack> {
  const { dataDir, ports } = options;
  const { clock, random, log } = ports;
  const store = await ControlStore.open(openDatabase(join(dataDir, "control-plane.db")));
  cleanups.push(() => store.close());
  const keys = await signingKeys(dataDir);
  const simulator = Promise.withResolvers<Simulator>();
  // Ends after everything that may still call it.
  let closeSimulated = async () => {};
  cleanups.push(() => closeSimulated());
  const simulatorListener = listen(0, async (request) => (await simulator.promise).fetch(request));
  cleanups.push(() => simulatorListener.stop());

  let handle: (request: Request) => Promise<Response> = async () => new Response(null, { status: 503 });
  const listener = listen(options.port ?? 0, (request) => handle(request));
  const fileApiUrl = listener.url;
  const controlPlaneUrl = `${listener.url}${CLOUD_PREFIX}`;

  const pipeline = livePipeline({
    clock,
    random,
    log,
    fetch: ports.fetch,
    era: options.era ?? CURRENT_ERA,
    simulatorUrl: simulatorListener.url,
    timeZone: options.timeZone ?? null,
    source: (provider) => sourceOf(ports.host.env, provider),
    access: accessOptions(ports.host.env),
    sampleLimit: sampleLimitOf(ports.host.env),
  });
  const host = new WorkspaceHost({
    directory: dataDir,
    clock,
    random,
    log,
    pipeline,
    exists: (relayId) => store.workspace(relayId)?.relayId === relayId,
  });
  // Requests end before the workspaces they stand on are closed.
  cleanups.push(() => host.close());
  cleanups.push(() => listener.stop());
  const metrics = new Metrics();
  const verifier = new TokenVerifier(
    async (kid) => (kid === keys.kid ? keys.publicKey : null),
    () => clock.now(),
  );
  const mint = new TokenMint(keys, store, clock, random, controlPlaneUrl);
  const env: ControlPlaneEnv = {
    clock,
    random,
    log,
    metrics,
    store,
    mint,
    keys,
    verifier,
    pipeline,
    fileApiUrl,
    controlPlaneUrl,
    webhookSecret: (provider) => webhookSecretOf(ports.host.env, provider),
    signIn: { kind: "open" },
    joinDelayMs: options.joinDelayMs ?? 0,
    workspace: (relayId) => host.workspace(relayId),
    destroyWorkspace: (relayId) => host.destroy(relayId),
  };
  const front = createFront({
    fileApi: createFileApi({
      clock,
      log,
      version: versionInEra(VERSION, options.era ?? CURRENT_ERA),
      verifier,
      workspace: (id) => host.workspace(id),
      managed: (id) => host.workspace(id),
      workspaceIds: () => store.workspaces().map((one) => one.relayId),
      metrics,
      limiter: new RateLimiter(options.rateLimit ?? { max: 0, windowMs: 60_000 }, () => clock.monotonicMs()),
      upgrade: (request, session) => listener.upgrade(request, session),
    }),
    controlPlane: createControlPlane(env),
    jwks: { keys: [keys.publicJwk] },
    hosts: [`127.0.0.1:${listener.port}`, `localhost:${listener.port}`],
    log,
  });
  handle = (request) => front.fetch(request);

  const name = options.workspaceName ?? "local";
  const row = store.oldest(name) ?? store.workspace(name) ?? (await createWorkspace(env, name));
  const tokenFile = join(dataDir, HOME_FILES.workspaceCredentials);
  const cloudTokenFile = join(dataDir, HOME_FILES.cloudCredentials);
  const files = new CredentialFiles({ env, row, tokenFile, cloudTokenFile });
  await files.write();
  // Its seeds are large and nothing needs it before both services answer.
  const { createSimulator } = await import("../../simulator/mod.ts");
  const simulated = openDatabase(join(dataDir, "simulator.db"));
  closeSimulated = () => simulated.close();
  simulator.resolve(createSimulator({ clock, random, log, tables: await storedTables(simulated) }));
  cleanups.push(() => files.stop());
  for (const provider of options.providers ?? []) await connectNow(env, row, provider);

  return {
    fileApiUrl,
    controlPlaneUrl,
    simulatorUrl: simulatorListener.url,
    workspaceId: row.relayId,
    cloudWorkspaceId: row.id,
    workspaceName: row.name,
    tokenFile,
    cloudTokenFile,
    dataDir,
    simulator: await simulator.promise,
    fetch: (request) => front.fetch(request),
    workspace: async () =>
      (await host.workspace(row.relayId)) ?? fail("workspace_not_found", `no workspace ${row.relayId}`),
    mint: async (scopes, { agent = "tester", lifetimeMs, workspaceId = row.relayId } = {}) =>
      (
        await mint.workspaceToken(workspaceId, {
          agent,
          scopes,
          ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
        })
      ).token,
    cloudSession: () => mint.newSession(),
    stop: async () => {
      log.info("stopping", { ...metrics.totals(), rssBytes: process.memoryUsage.rss() });
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    },
  };
}

/** Connects a provider and waits for its records, so that a ready stack is a filled one. */
async function connectNow(env: ControlPlaneEnv, row: WorkspaceRow, name: string): Promise<void> {
  const provider = env.pipeline.idOf(name);
  if (provider === null) {
    const known = env.pipeline.catalog.map(({ id }) => id).join(", ");
    fail("usage", `unknown provider ${name}; known are ${known}`);
  }
  if (env.store.integration(row.id, provider)?.state === "ready") return;
  await (await beginConnection(env, row, provider, EMBEDDED_BACKEND)).synced;
}

/** The two credential files of the local user, rewritten at half life so that readers never meet an expired token. */
class CredentialFiles {
  private cancel: () => void = () => {};

  constructor(
    private readonly to: {
      readonly env: ControlPlaneEnv;
      readonly row: WorkspaceRow;
      readonly tokenFile: string;
      readonly cloudTokenFile: string;
    },
  ) {}

  async write(): Promise<void> {
    const { env, row } = this.to;
    const scopes = [...FULL_SCOPES, "ops:replay"];
    const minted = await env.mint.workspaceToken(row.relayId, { agent: "relayfile-cli", scopes });
    const updatedAt = new Date(env.clock.now()).toISOString();
    const workspace = { server: env.fileApiUrl, token: minted.token, updatedAt };
    // Every start writes these anew, so nothing is gained by waiting for the disk.
    writePrivate(this.to.tokenFile, `${JSON.stringify(workspace, null, 2)}\n`, false);
    const pair = await env.mint.newSession();
    const cloud = {
      apiUrl: env.controlPlaneUrl,
      accessToken: pair.accessToken,
      refreshToken: pair.refreshToken,
      accessTokenExpiresAt: new Date(pair.accessExpiresAtMs).toISOString(),
      refreshTokenExpiresAt: new Date(pair.refreshExpiresAtMs).toISOString(),
      updatedAt,
    };
    writePrivate(this.to.cloudTokenFile, `${JSON.stringify(cloud, null, 2)}\n`, false);
    this.cancel = env.clock.after(TOKENS.workspaceMs / 2, () => {
      this.write().catch((thrown) =>
        env.log.error("credential files not renewed", { error: messageOf(thrown) }),
      );
    });
  }

  stop(): void {
    this.cancel();
  }
}
