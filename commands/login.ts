/** `relayfile login`: gets a cloud identity by browser, by device code, or from standard input, and keeps it. */
import { controlApi } from "../lib/client/control-api.ts";
import { fileApi } from "../lib/client/file-api.ts";
import { requireHome, writePrivateJson } from "../lib/client/home.ts";
import type { ServiceName, ServiceTarget } from "../lib/client/http.ts";
import {
  credentialsOf,
  deviceLogin,
  isHeadless,
  type LoginWorld,
  loopbackLogin,
} from "../lib/client/login.ts";
import { requireBaseUrl, resolveTarget, type Target } from "../lib/client/target.ts";
import { keepWorkspaceToken } from "../lib/client/token-store.ts";
import { explainWrongService } from "../lib/client/which-service.ts";
import { fail } from "../lib/errors.ts";
import { CloudCredentials, HOME_FILES } from "../lib/model/credentials.ts";
import { readClaims, tokenKind } from "../lib/model/token.ts";
import { openInBrowser } from "./_browser.ts";
import { type CommandContext, command, type Document } from "./_command.ts";
import { readInput } from "./_input.ts";
import { TARGET_ARGS, targetFlags } from "./_target.ts";

/** What `login` prints. Never a token. */
export interface LoginDocument extends Document {
  readonly kind: "relayfile.login";
  readonly method: "browser" | "device" | "stdin";
  /** What was signed in: the cloud identity, or one workspace. */
  readonly identity: "cloud" | "workspace";
  readonly service: string;
  /** Name or address of the account; null for a workspace token or when the service does not say. */
  readonly account: string | null;
  readonly workspaceId: string | null;
  readonly expiresAt: string | null;
  /** The file that now holds the credential. */
  readonly file: string;
}

const STDIN_BYTES_MAX = 64 * 1024;
const WAIT_MS = 5 * 60_000;

export default command({
  name: "login",
  description: "Sign in to the control plane",
  args: {
    device: { type: "boolean", description: "Approve a code on another device; chosen by itself over ssh" },
    browser: { type: "boolean", description: "Use a browser here even where none seems to be" },
    "token-stdin": {
      type: "boolean",
      description:
        "Read a credential from standard input: cloud credentials as JSON, a cloud token or a workspace token",
    },
    open: { type: "boolean", default: true, description: "Open the browser; --no-open only prints the link" },
    "login-timeout": {
      type: "duration",
      valueHint: "DURATION",
      description: "How long to wait for the browser, 5m when left out",
    },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile login", "in a browser"],
    ["relayfile login --device", "on a machine without one"],
    ["relayfile login --token-stdin < token.txt", "with a token from elsewhere"],
  ],
  run: async (args, context) => {
    const target = await resolveTarget(targetFlags(args), context.ports, { lookup: false });
    requireHome(target.home);
    if (args["token-stdin"]) return { document: await withStdin(target, context), exit: "PASS" };
    refuseFileApiFlag(args["file-api"]);
    const base = requireBaseUrl(target.controlPlaneUrl, target.sources.controlPlaneUrl);
    const device = args.device || (!args.browser && isHeadless(context.ports.host));
    const world: LoginWorld = {
      ...context.ports,
      api: controlApi(anonymous(target, context)),
      signal: context.signal,
    };
    try {
      // A wrong URL would only show in the browser, so ask for something public first.
      await world.api.catalog({ signal: context.signal });
      const tokens = device ? await byDevice(world, context) : await byBrowser(world, args, context);
      const credentials = credentialsOf(tokens, base, context.ports.clock.now());
      return {
        document: await keepCloud(target, credentials, device ? "device" : "browser", context),
        exit: "PASS",
      };
    } catch (thrown) {
      throw await explainWrongService(thrown, target, context.ports.fetch);
    }
  },
});

function byBrowser(
  world: LoginWorld,
  args: { readonly open: boolean; readonly "login-timeout": number | undefined },
  context: CommandContext,
) {
  return import("../lib/runtime/bun/loopback.ts").then(({ listenLoopback }) =>
    loopbackLogin(world, {
      listen: listenLoopback,
      timeoutMs: args["login-timeout"] ?? WAIT_MS,
      show: async (url) => {
        context.ports.log.warn(`sign in at ${url}`);
        if (args.open) await openInBrowser(url, context);
      },
    }),
  );
}

function byDevice(world: LoginWorld, context: CommandContext) {
  const { env } = context.ports.host;
  return deviceLogin(world, env.HOSTNAME ?? env.COMPUTERNAME ?? "relayfile", ({ url, code, expiresInS }) =>
    context.ports.log.warn(`open ${url} and enter ${code} within ${Math.round(expiresInS / 60)} minutes`),
  );
}

/** `--server` names the file API; a sign-in there is a mistake people make after reading older instructions. */
function refuseFileApiFlag(url: string | undefined): void {
  if (url === undefined) return;
  fail("usage", "login signs in to the control plane, --file-api (--server) names the file API", {
    hint: `relayfile login --control-plane ${url}`,
  });
}

async function keepCloud(
  target: Target,
  credentials: CloudCredentials,
  method: LoginDocument["method"],
  context: CommandContext,
): Promise<LoginDocument> {
  const bearer: Target = { ...target, controlPlaneUrl: credentials.apiUrl };
  const api = controlApi({ ...anonymous(bearer, context), token: () => credentials.accessToken });
  const me = await api.whoami({ signal: context.signal });
  const file = `${requireHome(target.home)}/${HOME_FILES.cloudCredentials}`;
  writePrivateJson(context.ports, file, credentials);
  return {
    schemaVersion: "1.0",
    kind: "relayfile.login",
    method,
    identity: "cloud",
    service: credentials.apiUrl,
    account: me.user?.email ?? me.user?.name ?? me.user?.id ?? null,
    workspaceId: null,
    expiresAt: credentials.accessTokenExpiresAt === "" ? null : credentials.accessTokenExpiresAt,
    file,
  };
}

/** Takes what is on standard input for what it is, proves it with a call that needs it, and keeps it. */
async function withStdin(target: Target, context: CommandContext): Promise<LoginDocument> {
  const text = new TextDecoder().decode(await readInput(context, STDIN_BYTES_MAX)).trim();
  if (text.startsWith("{")) {
    const parsed = CloudCredentials.safeParse(safeJson(text));
    if (!parsed.success) fail("invalid_input", "standard input is not a cloud credential document");
    return keepCloud(target, parsed.data, "stdin", context);
  }
  const kind = tokenKind(text);
  if (kind === "workspace-jwt") return keepWorkspace(target, text, context);
  if (kind !== "cloud-access") {
    fail(
      "wrong_token_kind",
      `standard input holds ${text === "" ? "nothing" : `a ${kind} secret`}, not a token to sign in with`,
      {
        hint: "Pass a cloud token (cld_at_...), a workspace token, or the content of cloud-credentials.json",
      },
    );
  }
  const credentials: CloudCredentials = {
    apiUrl: requireBaseUrl(target.controlPlaneUrl, target.sources.controlPlaneUrl),
    accessToken: text,
    refreshToken: "",
    accessTokenExpiresAt: "",
    updatedAt: new Date(context.ports.clock.now()).toISOString(),
  };
  return keepCloud(target, credentials, "stdin", context);
}

async function keepWorkspace(target: Target, token: string, context: CommandContext): Promise<LoginDocument> {
  const claims = readClaims(token);
  const workspaceId =
    claims?.workspaceId ??
    fail("wrong_token_kind", "the token on standard input names no workspace", {
      hint: "relayfile workspace join WORKSPACE",
    });
  const service = requireBaseUrl(target.fileApiUrl, target.sources.fileApiUrl);
  const files = fileApi({ ...anonymous(target, context, "file-api"), token: () => token }, workspaceId);
  await files.tree({ path: "/", depth: 1 }, { signal: context.signal });
  const minted = { workspaceId, token, relayfileUrl: service };
  const file = keepWorkspaceToken(target.home, context.ports, minted, true).path;
  const ends = claims?.expiresAtSeconds ?? null;
  return {
    schemaVersion: "1.0",
    kind: "relayfile.login",
    method: "stdin",
    identity: "workspace",
    service,
    account: null,
    workspaceId,
    expiresAt: ends === null ? null : new Date(ends * 1000).toISOString(),
    file: file ?? requireHome(target.home),
  };
}

function anonymous(
  target: Target,
  context: CommandContext,
  service: ServiceName = "control-plane",
): ServiceTarget {
  return {
    service,
    baseUrl: service === "file-api" ? target.fileApiUrl : target.controlPlaneUrl,
    token: () => null,
    fetch: context.ports.fetch,
    random: context.ports.random,
    correlationPrefix: "cli",
  };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller reports that it is no credential document; quoting the parser could quote a secret.
    return null;
  }
}
