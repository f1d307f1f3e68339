/** The Worker in real workerd for tests: one start, a provider simulator beside it, and any number of workspaces. */

import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { listen } from "../../lib/runtime/bun/serve.ts";
import { importKeys, newKeyText } from "../../lib/service/control-plane/keys.ts";
import type { ControlStore } from "../../lib/service/control-plane/store.ts";
import { type SigningKeys, TokenMint } from "../../lib/service/control-plane/tokens.ts";
import { createSimulator, type Simulator } from "../../lib/simulator/mod.ts";
import { startWorkerd, type Workerd } from "../../scripts/worker/workerd.ts";
import type { ContractTarget } from "../contract/target.ts";

/** A running Worker whose signing key the test holds. */
export interface TestWorker {
  readonly workerd: Workerd;
  readonly simulator: Simulator;
  /** Any token of any workspace. */
  token(
    workspaceId: string,
    scopes: readonly string[],
    options?: { agent?: string; lifetimeMs?: number },
  ): Promise<string>;
  /** A fresh cloud session. */
  cloud(): Promise<{ accessToken: string; refreshToken: string }>;
  /** A contract target with a new workspace; its `stop` does nothing, because the Worker is shared. */
  target(): Promise<ContractTarget>;
  stop(): Promise<void>;
}

/** Starts a Worker. With `dataDir` it keeps its data there; the key is kept by whoever passes it again. */
export async function testWorker(
  options: {
    dataDir?: string;
    signingKey?: string;
    variables?: Record<string, string>;
    onLog?: (line: string) => void;
  } = {},
): Promise<TestWorker> {
  const signingKey = options.signingKey ?? (await newKeyText());
  const keys = (await importKeys(signingKey)) as SigningKeys;
  const { clock, random, log } = bunPorts({ env: {} });
  const simulator = createSimulator({ clock, random, log });
  const listener = listen(0, (request) => simulator.fetch(request));
  const workerd = await startWorkerd({
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
    ...(options.onLog === undefined ? {} : { onLog: options.onLog }),
    variables: {
      RELAYFILE_SIGNING_KEY: signingKey,
      RELAYFILE_SIMULATOR_URL: listener.url,
      ...options.variables,
    },
  });
  const controlPlaneUrl = `${workerd.url}/cloud`;
  // Only the signing half is used, which reads no rows.
  const mint = new TokenMint(keys, null as unknown as ControlStore, clock, random, controlPlaneUrl);
  const token: TestWorker["token"] = async (workspaceId, scopes, { agent = "tester", lifetimeMs } = {}) =>
    (
      await mint.workspaceToken(workspaceId, {
        agent,
        scopes,
        ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
      })
    ).token;
  const cloud = async () => {
    const login = `${controlPlaneUrl}/api/v1/cli/login?redirect_uri=http://127.0.0.1:1/callback`;
    const answer = await fetch(login, { redirect: "manual" });
    const { searchParams } = new URL(answer.headers.get("location") ?? "");
    return {
      accessToken: searchParams.get("access_token") ?? "",
      refreshToken: searchParams.get("refresh_token") ?? "",
    };
  };
  return {
    workerd,
    simulator,
    token,
    cloud,
    target: async () => {
      const { accessToken } = await cloud();
      const made = await fetch(`${controlPlaneUrl}/api/v1/workspaces`, {
        method: "POST",
        headers: { Authorization: `Bearer ${accessToken}` },
        body: "{}",
      });
      const { workspaceId } = (await made.json()) as { workspaceId: string };
      return {
        fileApiUrl: workerd.url,
        controlPlaneUrl,
        workspaceId,
        fetch: (request) => fetch(request),
        token: (scopes, { workspaceId: other, ...rest } = {}) => token(other ?? workspaceId, scopes, rest),
        cloud,
        stop: async () => {},
      };
    },
    stop: async () => {
      await workerd.stop();
      await listener.stop();
    },
  };
}
