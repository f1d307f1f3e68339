/** `relayfile logout`: ends the cloud session on the server, and removes every credential kept here. */
import { controlApi } from "../lib/client/control-api.ts";
import { homeOf, readCloudCredentials, requireHome, sharedCloudPath } from "../lib/client/home.ts";
import { fail, isRelayfileError, messageOf, osCodeOf } from "../lib/errors.ts";
import { HOME_FILES } from "../lib/model/credentials.ts";
import { type CommandContext, command, type Document } from "./_command.ts";

/** What `logout` prints. */
export interface LogoutDocument extends Document {
  readonly kind: "relayfile.logout";
  /** Files that were removed. */
  readonly removed: readonly string[];
  /** True when the server ended the session, false when it could not be asked, null when there was none. */
  readonly revoked: boolean | null;
  /** A session of another tool that was left alone, or null. */
  readonly kept: string | null;
}

const REVOKE_TIMEOUT_MS = 10_000;
/** Files and directories with credentials, those of later versions included. */
const CREDENTIALS = [
  HOME_FILES.cloudCredentials,
  HOME_FILES.workspaceCredentials,
  "tokens",
  "delegated-credentials.json",
  "delegated",
];

export default command({
  name: "logout",
  description: "Sign out and remove every credential kept here",
  args: {},
  examples: [["relayfile logout", "mirrors and the list of workspaces stay"]],
  run: async (_args, context) => {
    const home = homeOf(context.ports.host);
    const directory = requireHome(home);
    const revoked = await revoke(`${directory}/${HOME_FILES.cloudCredentials}`, context);
    const removed = CREDENTIALS.flatMap((name) => removeTree(context, `${directory}/${name}`));
    const shared = sharedCloudPath(home);
    const kept = shared !== null && context.ports.fs.lstat(shared) !== null ? shared : null;
    const document: LogoutDocument = {
      schemaVersion: "1.0",
      kind: "relayfile.logout",
      removed,
      revoked,
      kept,
    };
    return { document, exit: "PASS" };
  },
});

/** Best effort: a server that cannot be reached must not keep anybody signed in here. */
async function revoke(path: string, context: CommandContext): Promise<boolean | null> {
  const { ports } = context;
  const stored = readCloudCredentials(ports.fs, path);
  if (stored.state !== "ok" || stored.value.refreshToken === "" || !URL.canParse(stored.value.apiUrl))
    return null;
  const api = controlApi({
    service: "control-plane",
    baseUrl: stored.value.apiUrl,
    token: () => null,
    fetch: ports.fetch,
    random: ports.random,
    correlationPrefix: "cli",
  });
  try {
    await api.revoke(stored.value.refreshToken, { signal: context.signal, timeoutMs: REVOKE_TIMEOUT_MS });
    return true;
  } catch (thrown) {
    if (!isRelayfileError(thrown)) throw thrown;
    ports.log.warn("the session was not ended on the server", { reason: messageOf(thrown) });
    return false;
  }
}

/** Removes a file, or a directory with its files; returns the files that went. */
function removeTree(context: CommandContext, path: string): string[] {
  const { fs } = context.ports;
  try {
    const stat = fs.lstat(path);
    if (stat === null) return [];
    if (stat.kind !== "directory") return fs.unlink(path) ? [path] : [];
    const removed = fs.readDir(path).flatMap((entry) => removeTree(context, `${path}/${entry.name}`));
    fs.removeDir(path);
    return removed;
  } catch (cause) {
    if (isRelayfileError(cause)) throw cause;
    return fail(
      "io_error",
      `cannot remove ${path} (${osCodeOf(cause) ?? messageOf(cause)})`,
      { path },
      { cause },
    );
  }
}
