/** `relayfile workspace list`: the control plane's workspaces and those registered here, in one list. */
import { registryOf } from "../../lib/client/registry.ts";
import type { Session } from "../../lib/client/session.ts";
import { isRelayfileError, type RelayfileError } from "../../lib/errors.ts";
import type { CloudWorkspace } from "../../lib/model/cloud.ts";
import { comparePaths } from "../../lib/model/path.ts";
import { type RegisteredWorkspace, relayIdOf, workspaceIdForm } from "../../lib/model/workspace.ts";
import { command, type Document } from "../_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";

/** What `workspace list` prints. */
export interface WorkspacesDocument extends Document {
  readonly kind: "relayfile.workspaces";
  readonly controlPlaneUrl: string;
  /** Sorted by name. */
  readonly workspaces: readonly ListedWorkspace[];
  /** Why the control plane's list is missing; null when it is there. */
  readonly problem: { readonly code: string; readonly message: string; readonly hint: string } | null;
}

/** One workspace as far as either side knows it. */
export interface ListedWorkspace {
  readonly name: string;
  /** The id for file API paths; null when only the control plane knows the workspace and did not say. */
  readonly id: string | null;
  readonly cloudId: string | null;
  /** True for the default of this machine. */
  readonly current: boolean;
  readonly registered: boolean;
  /** Null when the control plane was not asked or did not answer. */
  readonly remote: boolean | null;
  readonly localDir: string | null;
}

export default command({
  name: "list",
  description: "List workspaces",
  args: { ...TARGET_ARGS },
  examples: [
    ["relayfile workspace list", "names, ids and mirrors"],
    ["relayfile workspace list --json", "for a program"],
  ],
  run: async (args, context) =>
    withSession(targetFlags(args), context, async (session) => {
      const remote = await askControlPlane(session, context.signal);
      const { registry, controlPlaneUrl } = session.target;
      const known = registryOf(registry);
      const problem = "problem" in remote ? remote.problem : null;
      const document: WorkspacesDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.workspaces",
        controlPlaneUrl,
        workspaces: merge(known.workspaces, known.default, "rows" in remote ? remote.rows : null),
        problem:
          problem === null ? null : { code: problem.code, message: problem.message, hint: problem.hint },
      };
      // Without a session the local list is the whole answer; a session that does not work is not.
      return { document, exit: problem === null || problem.code === "not_signed_in" ? "PASS" : problem.exit };
    }),
});

async function askControlPlane(
  session: Session,
  signal: AbortSignal,
): Promise<{ rows: readonly CloudWorkspace[] } | { problem: RelayfileError }> {
  try {
    return { rows: await session.control.workspaces({ signal }) };
  } catch (thrown) {
    const explained = await session.explain(thrown);
    if (!isRelayfileError(explained)) throw explained;
    return { problem: explained };
  }
}

function merge(
  registered: readonly RegisteredWorkspace[],
  current: string | undefined,
  remote: readonly CloudWorkspace[] | null,
): ListedWorkspace[] {
  const rows: ListedWorkspace[] = registered.map((one) => ({
    name: one.name,
    id: relayIdOf(one) ?? null,
    cloudId: one.id !== undefined && workspaceIdForm(one.id) === "cloud" ? one.id : null,
    current: one.name === current,
    registered: true,
    remote: remote === null ? null : remote.some((row) => isSame(row, one)),
    localDir: one.localDir ?? null,
  }));
  const others = (remote ?? []).filter((row) => !registered.some((one) => isSame(row, one)));
  for (const row of others) {
    const name = row.name ?? row.slug ?? row.id;
    const id = row.relayfileWorkspaceId ?? (workspaceIdForm(row.id) === "relay" ? row.id : null);
    const cloudId = workspaceIdForm(row.id) === "cloud" ? row.id : null;
    rows.push({ name, id, cloudId, current: false, registered: false, remote: true, localDir: null });
  }
  return rows.sort((a, b) => comparePaths(a.name, b.name));
}

function isSame(row: CloudWorkspace, one: RegisteredWorkspace): boolean {
  const ids = [one.id, one.relayWorkspaceId].filter((id) => id !== undefined);
  return ids.includes(row.id) || (row.relayfileWorkspaceId != null && ids.includes(row.relayfileWorkspaceId));
}
