/** The control plane as one Durable Object: identity, workspaces and integrations, and the view over all workspaces. */
import { DurableObject } from "cloudflare:workers";
import { fail } from "../../errors.ts";
import type { Clock, Env, Log } from "../../ports.ts";
import { TokenVerifier } from "../../service/auth/token.ts";
import { importKeys, newKeyText } from "../../service/control-plane/keys.ts";
import { createControlPlane } from "../../service/control-plane/mod.ts";
import { ControlStore } from "../../service/control-plane/store.ts";
import { type SigningKeys, TokenMint } from "../../service/control-plane/tokens.ts";
import { createFileApi, type Service } from "../../service/file-api/mod.ts";
import { livePipeline } from "../../service/live-pipeline.ts";
import { MANAGED_METHODS, type ManagedWorkspace } from "../../service/managed-workspace.ts";
import type { Pipeline } from "../../service/pipeline.ts";
import { accessOptions, webhookSecretOf } from "../../service/provider-settings.ts";
import { RateLimiter } from "../../service/rate-limit.ts";
import { VERSION } from "../../version.ts";
import { realClock } from "../clock.ts";
import { answerWhole } from "./answer.ts";
import { METRICS } from "./isolate.ts";
import { outcomeValue } from "./outcome.ts";
import { variablesOf, WORKERS_RANDOM, workersFetch, workersLog } from "./ports.ts";
import { type Addresses, addressesOf, controlPlanePath, signInOf, simulatorUrlOf } from "./settings.ts";
import { durableDatabase } from "./sqlite.ts";
import type { Bindings, ObjectState, PublishedKey, WorkspaceStub } from "./types.ts";

const SIGNING_KEY = "signing-key";

/** Everything that is ready once the object has started. */
interface Started {
  readonly store: ControlStore;
  readonly keys: SigningKeys;
  readonly verifier: TokenVerifier;
}

/** The Durable Object of the control plane. There is one, named `control`. */
export class ControlPlaneObject extends DurableObject<Bindings> {
  private readonly clock: Clock = realClock();
  private readonly variables: Env;
  private readonly log: Log;
  private readonly pipeline: Pipeline;
  private readonly starting: Promise<Started>;
  private readonly controlPlanes = new Map<string, Service>();

  constructor(ctx: ObjectState, env: Bindings) {
    super(ctx, env);
    this.variables = variablesOf(env);
    this.log = workersLog(this.variables);
    this.pipeline = livePipeline({
      clock: this.clock,
      random: WORKERS_RANDOM,
      log: this.log,
      fetch: workersFetch,
      simulatorUrl: simulatorUrlOf(this.variables),
      access: accessOptions(this.variables),
    });
    this.starting = ctx.blockConcurrencyWhile(() => this.start());
  }

  /** Answers a request of the control plane, or one of the file API's that is about the whole deployment. */
  async fetch(request: Request): Promise<Response> {
    const started = await this.starting;
    const addresses = addressesOf(this.variables, request.url);
    const path = controlPlanePath(addresses, request.url);
    if (path === null) return answerWhole(this.administration(started), request);
    const url = new URL(request.url);
    url.pathname = path;
    return answerWhole(this.controlPlane(started, addresses), new Request(url.toString(), request));
  }

  /** The keys that workspace tokens are verified with. */
  async publishedKeys(): Promise<readonly PublishedKey[]> {
    const { keys } = await this.starting;
    return [{ ...keys.publicJwk }];
  }

  /** True for the `rw_` id of a workspace that exists. */
  async exists(workspaceId: string): Promise<boolean> {
    const { store } = await this.starting;
    return store.workspace(workspaceId)?.relayId === workspaceId;
  }

  private async start(): Promise<Started> {
    const store = await ControlStore.open(durableDatabase(this.ctx.storage));
    const keys = await this.signingKeys();
    const verifier = new TokenVerifier(
      async (kid) => (kid === keys.kid ? keys.publicKey : null),
      () => this.clock.now(),
    );
    return { store, keys, verifier };
  }

  /** The operator's key where the secret is set, else one made on the first start and kept here. */
  private async signingKeys(): Promise<SigningKeys> {
    const set = this.variables.RELAYFILE_SIGNING_KEY ?? "";
    let text = set === "" ? await this.ctx.storage.get<string>(SIGNING_KEY) : set;
    if (text === undefined) {
      text = await newKeyText();
      await this.ctx.storage.put(SIGNING_KEY, text);
    }
    const keys = await importKeys(text);
    if (keys !== null) return keys;
    return fail("unavailable", "the signing key is not an RSA private key with a kid, as JSON");
  }

  /** One service per address that clients use, because answers name the addresses. */
  private controlPlane({ store, keys, verifier }: Started, addresses: Addresses): Service {
    const known = this.controlPlanes.get(addresses.controlPlaneUrl);
    if (known !== undefined) return known;
    const { clock, log, pipeline, variables } = this;
    const service = createControlPlane({
      ...addresses,
      clock,
      random: WORKERS_RANDOM,
      log,
      metrics: METRICS,
      store,
      mint: new TokenMint(keys, store, clock, WORKERS_RANDOM, addresses.controlPlaneUrl),
      keys,
      verifier,
      pipeline,
      webhookSecret: (provider) => webhookSecretOf(variables, provider),
      signIn: signInOf(variables),
      joinDelayMs: 0,
      workspace: async (relayId) => this.managed(store, relayId),
      destroyWorkspace: (relayId) => this.stub(relayId).destroy(relayId),
    });
    this.controlPlanes.set(addresses.controlPlaneUrl, service);
    return service;
  }

  /** The routes of the file API that no single workspace can answer. */
  private administration({ store, verifier }: Started): Service {
    const { clock, log } = this;
    return createFileApi({
      clock,
      log,
      version: VERSION,
      verifier,
      workspace: async () => null,
      managed: async (relayId) => this.managed(store, relayId),
      workspaceIds: () => store.workspaces().map((row) => row.relayId),
      metrics: METRICS,
      limiter: new RateLimiter({ max: 0, windowMs: 60_000 }, () => clock.monotonicMs()),
      upgrade: null,
    });
  }

  private managed(store: ControlStore, relayId: string): ManagedWorkspace | null {
    if (store.workspace(relayId)?.relayId !== relayId) return null;
    const methods = MANAGED_METHODS.map((name) => [
      name,
      async (...args: unknown[]) => outcomeValue(await this.stub(relayId).manage(relayId, name, args)),
    ]);
    return Object.fromEntries(methods) as ManagedWorkspace;
  }

  private stub(relayId: string): WorkspaceStub {
    const { WORKSPACES } = this.env;
    return WORKSPACES.get(WORKSPACES.idFromName(relayId));
  }
}
