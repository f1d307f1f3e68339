/**
 * The Workers deployment on this machine: real workerd, a provider simulator beside it, a workspace and its credential
 * files, so that every command works against it: `bun run dev:worker [--port N] [--data DIR] [--provider P]...`.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { TOKENS } from "../../lib/limits.ts";
import { HOME_FILES } from "../../lib/model/home-files.ts";
import { FULL_SCOPES } from "../../lib/model/token.ts";
import { writePrivate } from "../../lib/runtime/bun/data-directory.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { listen } from "../../lib/runtime/bun/serve.ts";
import { createSimulator } from "../../lib/simulator/mod.ts";
import { callControlPlane, signIn, type WorkspaceIds } from "./session.ts";
import { startWorkerd } from "./workerd.ts";

const USAGE = `usage: bun run dev:worker [--port N] [--data DIR] [--provider P]... [--workspace NAME]

  --port N          port of both services (default 8787)
  --data DIR        keep everything there; without it nothing is kept
  --provider P      connect a provider to its simulator; repeatable
  --workspace NAME  workspace to create or use (default local)
`;

function stop(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function options() {
  try {
    return parseArgs({
      options: {
        port: { type: "string", default: "8787" },
        data: { type: "string" },
        provider: { type: "string", multiple: true, default: [] },
        workspace: { type: "string", default: "local" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (thrown) {
    return stop(`${thrown instanceof Error ? thrown.message : thrown}\n\n${USAGE}`);
  }
}

const values = options();
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : stop(`--port ${values.port} is no port`);
const kept = values.data === undefined ? null : resolve(values.data);

const { clock, random, log } = bunPorts();
const simulator = createSimulator({ clock, random, log });
const simulatorListener = listen(0, (request) => simulator.fetch(request));
const worker = await startWorkerd({
  port,
  ...(kept === null ? {} : { dataDir: join(kept, "workerd") }),
  variables: { RELAYFILE_SIMULATOR_URL: simulatorListener.url },
}).catch((thrown) => stop(`workerd did not start: ${thrown instanceof Error ? thrown.message : thrown}`));
const controlPlaneUrl = `${worker.url}/cloud`;
const home = kept ?? mkdtempSync(join(tmpdir(), "relayfile-worker-"));
mkdirSync(home, { recursive: true, mode: 0o700 });

/** Signs in anew and writes both credential files. */
async function renew(): Promise<{ session: string; workspace: WorkspaceIds }> {
  const session = (await signIn(controlPlaneUrl)) ?? stop("the control plane let nobody sign in");
  const workspace = await workspaceOf(session.accessToken);
  const joined = await callControlPlane<{ token: string }>(
    {
      url: `${controlPlaneUrl}/api/v1/workspaces/${workspace.workspaceId}/join`,
      token: session.accessToken,
      method: "POST",
      body: { agentName: "relayfile-cli", scopes: [...FULL_SCOPES, "ops:replay"] },
    },
    200,
  );
  const updatedAt = new Date().toISOString();
  const files: Record<string, unknown> = {
    [HOME_FILES.workspaceCredentials]: { server: worker.url, token: joined?.token, updatedAt },
    [HOME_FILES.cloudCredentials]: { apiUrl: controlPlaneUrl, ...session, updatedAt },
  };
  for (const [name, content] of Object.entries(files))
    writePrivate(join(home, name), `${JSON.stringify(content, null, 2)}\n`);
  return { session: session.accessToken, workspace };
}

async function workspaceOf(token: string): Promise<WorkspaceIds> {
  const base = `${controlPlaneUrl}/api/v1/workspaces`;
  const known = await callControlPlane<{ relayfileWorkspaceId: string; cloudWorkspaceId: string }>(
    { url: `${base}/resolve?key=${encodeURIComponent(values.workspace)}`, token, method: "GET" },
    200,
  );
  if (known !== null)
    return { workspaceId: known.relayfileWorkspaceId, cloudWorkspaceId: known.cloudWorkspaceId };
  const made = await callControlPlane<WorkspaceIds>(
    { url: base, token, method: "POST", body: { name: values.workspace } },
    201,
  );
  return made ?? stop(`cannot make a workspace named ${values.workspace}`);
}

const { session, workspace } = await renew();
for (const provider of values.provider) {
  const url = `${controlPlaneUrl}/api/v1/workspaces/${workspace.workspaceId}/integrations/connect-session`;
  const body = { allowedIntegrations: [provider] };
  const connected = await callControlPlane({ url, token: session, method: "POST", body }, 200);
  if (connected === null) stop(`cannot connect ${provider}`);
}
const timer = setInterval(
  () => void renew().catch((thrown) => process.stderr.write(`credential files not renewed: ${thrown}\n`)),
  TOKENS.workspaceMs / 2,
);

process.stdout.write(`file API       ${worker.url}
control plane  ${controlPlaneUrl}
simulator      ${simulatorListener.url}
workspace      ${values.workspace} (${workspace.workspaceId})
data           ${kept ?? "in memory"}

export RELAYFILE_HOME=${home} RELAYFILE_BASE_URL=${worker.url} \\
  RELAYFILE_CLOUD_API_URL=${controlPlaneUrl} RELAYFILE_WORKSPACE=${workspace.workspaceId}
relayfile doctor
`);

// On exit and not in the handlers below, because miniflare may end the process on a signal before they are through.
process.on("exit", () => {
  if (kept === null) rmSync(home, { recursive: true, force: true });
});
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, async () => {
    if (stopping) return;
    stopping = true;
    clearInterval(timer);
    await worker.stop();
    await simulatorListener.stop();
    process.exit(0);
  });
}
