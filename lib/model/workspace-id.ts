/** The two shapes of workspace ids. Apart from the schemas, so that a service starts without loading them. */

/** `rw_` and eight lower-case letters or digits: the id in every file API path. */
export const RELAY_WORKSPACE_ID = /^rw_[a-z0-9]{8}$/;
/** The control plane's own id of the same workspace. */
export const CLOUD_WORKSPACE_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What a string that names a workspace looks like. */
export function workspaceIdForm(text: string): "relay" | "cloud" | "name" {
  if (RELAY_WORKSPACE_ID.test(text)) return "relay";
  return CLOUD_WORKSPACE_ID.test(text) ? "cloud" : "name";
}
