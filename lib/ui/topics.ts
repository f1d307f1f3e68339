/** The pages of `relayfile help TOPIC` that are not about one command. */
import { ERRORS, type ErrorCode, EXIT, type ExitName } from "../errors.ts";
import { type HelpDocument, type TOPICS, type TopicPage, topicHelp } from "./help.ts";

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

type Row = readonly [name: string, meaning: string];

/** Decision 1 and 2 of the design: what everybody confuses, side by side. */
const SERVICES: readonly Row[] = [
  [
    "file API",
    "files, events, ops and digests of a workspace; --file-api URL, hosted https://api.relayfile.dev",
  ],
  [
    "control plane",
    "people, workspaces, integrations and refresh; --control-plane URL, hosted https://agentrelay.com/cloud",
  ],
];

const TOKENS: readonly Row[] = [
  ["cloud token", "cld_at_..., says who you are; opens the control plane; from relayfile login"],
  [
    "workspace token",
    "a JWT for one workspace; opens the file API; minted by relayfile workspace join with the cloud token",
  ],
  [
    "on the control plane",
    "a workspace token opens two routes only: the integration status and the refresh of its own workspace",
  ],
  ["which one am I using", "relayfile whoami shows both, where each came from and when it ends"],
  ["are they crossed", "relayfile doctor names a swapped token or a swapped URL"],
];

const PAGES: Readonly<Record<(typeof TOPICS)[number], () => TopicPage>> = {
  tokens: () => ({
    description: "Two services, two URLs, two tokens",
    sections: [section("Services", SERVICES), section("Tokens", TOKENS)],
  }),
  "exit-codes": () => ({
    description: "Exit codes, the same in every output format",
    sections: [
      section(
        "",
        exitCodeRows().map(({ name, code, meaning }) => [`${String(code).padStart(3)}  ${name}`, meaning]),
      ),
    ],
    exitCodes: EXIT,
  }),
  errors: () => ({
    description: "Error codes, with the exit code each leads to; relayfile explain CODE tells more",
    sections: exitCodeRows()
      .filter(({ errors }) => errors.length > 0)
      .map(({ name, code, errors }) =>
        section(
          `${code} ${name}`,
          errors.map((error) => [error, ERRORS[error].hint]),
        ),
      ),
  }),
  environment: () => ({
    description: "Environment variables",
    sections: [section("", ENVIRONMENT)],
    text: ["A flag wins over a variable, a variable over a file, a file over the default."],
  }),
  files: () => ({ description: "Files that relayfile reads and writes", sections: [section("", FILES)] }),
};

/** The page of a topic, or null when there is none of that name. */
export function topicDocument(topic: string): HelpDocument | null {
  return Object.hasOwn(PAGES, topic) ? topicHelp(topic, PAGES[topic as keyof typeof PAGES]()) : null;
}

/** Exit codes with meaning and the error codes that lead to each. */
export function exitCodeRows(): { name: ExitName; code: number; meaning: string; errors: ErrorCode[] }[] {
  return (Object.keys(EXIT) as ExitName[]).map((name) => ({
    name,
    code: EXIT[name],
    meaning: EXIT_MEANING[name],
    errors: (Object.keys(ERRORS) as ErrorCode[]).filter((code) => ERRORS[code].exit === name),
  }));
}

function section(title: string, rows: readonly Row[]): HelpDocument["sections"][number] {
  return { title, commands: rows.map(([name, description]) => ({ name, aliases: [], description })) };
}
