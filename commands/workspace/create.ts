/** `relayfile workspace create`: creates a workspace at the control plane and joins it. */
import type { ControlApi } from "../../lib/client/control-api.ts";
import { fail, isRelayfileError } from "../../lib/errors.ts";
import { FULL_SCOPES } from "../../lib/model/token.ts";
import { workspaceIdForm } from "../../lib/model/workspace.ts";
import { command } from "../_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";
import { joinAndKeep } from "./_joining.ts";

export default command({
  name: "create",
  description: "Create a workspace and join it",
  args: {
    name: { type: "positional", required: true, description: "Name of the new workspace", valueHint: "NAME" },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile workspace create demo", "create, join and make current"],
    ["relayfile workspace create demo --json", "print its ids"],
  ],
  run: async (args, context) => {
    if (workspaceIdForm(args.name) !== "name" || args.name.trim() === "") {
      fail("usage", `${JSON.stringify(args.name)} looks like an id, not like a name`);
    }
    return withSession(targetFlags({ ...args, workspace: undefined }), context, async (session) => {
      // A workspace nobody owns can be created without a token; this tool never means that.
      await session.cloud.token();
      await requireNewName(session.control, args.name, context.signal);
      const id = await create(session.control, args.name, context.signal);
      const request = {
        id,
        cloudId: workspaceIdForm(id) === "cloud" ? id : null,
        name: args.name,
        scopes: FULL_SCOPES,
        created: true,
      };
      return { document: await joinAndKeep(session, request, context), exit: "PASS" };
    });
  },
});

/** Two workspaces of one name can only be told apart by their ids: running the command twice must not make a second. */
async function requireNewName(api: ControlApi, name: string, signal: AbortSignal): Promise<void> {
  const known = await api.workspaces({ signal }).catch((thrown) => {
    // A service that lists nothing may still create; what is really wrong shows there.
    if (isRelayfileError(thrown)) return [];
    throw thrown;
  });
  const twin = known.find((one) => one.name === name);
  if (twin === undefined) return;
  fail("invalid_state", `workspace ${name} exists already (${twin.id})`, {
    hint: `relayfile workspace join ${name}`,
  });
}

/** Creates and returns an id. The first creation after an idle period may answer 500 and succeeds when repeated. */
async function create(api: ControlApi, name: string, signal: AbortSignal): Promise<string> {
  try {
    return (await api.createWorkspace(name, { signal })).workspaceId;
  } catch (thrown) {
    if (!isRelayfileError(thrown, "internal_error")) throw thrown;
    return (await api.createWorkspace(name, { signal })).workspaceId;
  }
}
