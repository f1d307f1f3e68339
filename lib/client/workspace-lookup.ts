/** Asks the control plane which workspace a name, UUID or `rw_` id means. Ids are never guessed from each other. */
import { fail, isRelayfileError } from "../errors.ts";
import { workspaceIdForm } from "../model/workspace.ts";
import type { ControlApi } from "./control-api.ts";

/** A workspace the control plane knows. `id` is the one for file API paths. */
export interface KnownWorkspace {
  readonly id: string;
  readonly cloudId: string | null;
  readonly name: string | null;
  /** Base URL of its file API, or null when the answer named none. */
  readonly fileApiUrl: string | null;
}

/** Finds a workspace; fails with `workspace_not_found`, or with `workspace_required` when a name means several. */
export async function lookupWorkspace(api: ControlApi, text: string): Promise<KnownWorkspace> {
  if (workspaceIdForm(text) !== "name") return resolveId(api, text, null);
  const named = (await api.workspaces()).filter(
    (one) => one.name === text || one.slug === text || one.id === text,
  );
  const [only] = named;
  if (only === undefined) {
    return fail("workspace_not_found", `the control plane knows no workspace named ${text}`, {
      workspace: text,
    });
  }
  if (named.length > 1) {
    return fail("workspace_required", `workspace name ${text} means ${named.length} workspaces`, {
      hint: `Name one by its id: ${named.map((one) => one.id).join(", ")}`,
    });
  }
  return resolveId(api, only.id, only.name ?? only.slug ?? null);
}

async function resolveId(api: ControlApi, idOrKey: string, name: string | null): Promise<KnownWorkspace> {
  try {
    const known = await api.resolve(idOrKey);
    const id = known.id ?? (workspaceIdForm(idOrKey) === "relay" ? idOrKey : null);
    if (id !== null)
      return { id, cloudId: known.cloudId, name: known.name ?? name, fileApiUrl: known.fileApiUrl };
    return fail("unexpected_answer", `the control plane resolved ${idOrKey} without naming its file API id`);
  } catch (thrown) {
    if (isRelayfileError(thrown, "not_found")) {
      fail(
        "workspace_not_found",
        `the control plane knows no workspace ${idOrKey}, or not for this account`,
        {
          workspace: idOrKey,
        },
      );
    }
    throw thrown;
  }
}
