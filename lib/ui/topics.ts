/** The pages of `relayfile help TOPIC` that are not about one command. */
import { ERRORS, EXIT, type ExitName } from "../errors.ts";
import { type HelpDocument, topicHelp } from "./help.ts";

const EXIT_MEANING: Readonly<Record<ExitName, string>> = {
  PASS: "everything asked for was done or found healthy",
  FINDINGS: "findings at or above --fail-on, or a definite refusal by a service",
  USAGE: "the command line is wrong",
  UNDETERMINED: "could not determine: network, 5xx, 429, timeout; repeating may help",
  AUTH: "sign-in or authorisation needed",
  SAFETY: "refused for safety; an operator decides",
  LOCAL_STATE: "local state: lock held, not running, corrupt",
  BUG: "a bug in relayfile",
  INTERRUPTED: "interrupted (SIGINT)",
  TERMINATED: "terminated (SIGTERM)",
};

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["RELAYFILE_HOME", "directory of credentials and registry (default ~/.relayfile)"],
  ["RELAYFILE_BASE_URL, RELAYFILE_SERVER", "base URL of the file API"],
  ["RELAYFILE_CLOUD_API_URL, CLOUD_API_URL", "base URL of the control plane"],
  ["RELAYFILE_WORKSPACE", "workspace name or id"],
  ["RELAYFILE_TOKEN, RELAYFILE_TOKEN_FILE", "workspace token, or a file that holds it"],
  ["RELAYFILE_CLOUD_TOKEN, RELAYFILE_CLOUD_TOKEN_FILE", "cloud token, or a file that holds it"],
  ["NO_COLOR, FORCE_COLOR, TERM, LANG", "colour and marks of the text output"],
  ["BUN_BE_BUN", "set to 1 it turns the executable into the Bun runtime; relayfile never sets it"],
];

const FILES: readonly (readonly [string, string])[] = [
  ["~/.relayfile/cloud-credentials.json", "the cloud identity (mode 0600)"],
  ["~/.relayfile/credentials.json", "the workspace token (mode 0600)"],
  ["~/.relayfile/workspaces.json", "known workspaces and where they are mounted"],
  ["~/.relayfile-mount-state/", "the daemon's index, one directory per mount"],
  ["MOUNT/.relay/state.json", "what the daemon of a mount is doing"],
  ["MOUNT/.relay/dead-letter/", "writes that need a decision, one record each"],
];

/** The page of a topic, or null when there is none of that name. */
export function topicDocument(topic: string): HelpDocument | null {
  if (topic === "exit-codes") return exitCodes();
  if (topic === "environment") {
    const order = "A flag wins over a variable, a variable over a file, a file over the default.";
    return topicHelp(topic, "Environment variables", [...pairs(ENVIRONMENT), "", order]);
  }
  if (topic === "files") return topicHelp(topic, "Files that relayfile reads and writes", pairs(FILES));
  return null;
}

/** Exit codes with meaning and the error codes that lead to each. */
export function exitCodeRows(): { name: ExitName; code: number; meaning: string; errors: string[] }[] {
  return (Object.keys(EXIT) as ExitName[]).map((name) => ({
    name,
    code: EXIT[name],
    meaning: EXIT_MEANING[name],
    errors: Object.entries(ERRORS).flatMap(([code, spec]) => (spec.exit === name ? [code] : [])),
  }));
}

function exitCodes(): HelpDocument {
  const rows = exitCodeRows().map(
    ({ name, code, meaning }) => [`${String(code).padStart(3)}  ${name}`, meaning] as const,
  );
  return {
    ...topicHelp("exit-codes", "Exit codes, the same in every output format", pairs(rows)),
    exitCodes: EXIT,
  };
}

function pairs(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`);
}
