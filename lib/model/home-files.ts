/** Names of the credential files. Apart from the schemas, so that a service starts without loading them. */

/** File names below `RELAYFILE_HOME`. */
export const HOME_FILES = {
  cloudCredentials: "cloud-credentials.json",
  workspaceCredentials: "credentials.json",
  workspaces: "workspaces.json",
} as const;
