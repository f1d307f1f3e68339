/** The guide for agents: a SKILL.md that the executable carries, so that it always fits the version that prints it. */
import { exitCodeRows } from "./topics.ts";

/** Name of the skill, as agents list it. */
export const SKILL_NAME = "relayfile";

/** The file, ending with a newline. */
export function skillText(): string {
  const exits = exitCodeRows().map(({ name, code, meaning }) => `| ${code} | \`${name}\` | ${meaning} |`);
  return `---
name: ${SKILL_NAME}
description: Find out why a relayfile workspace, mirror, digest, discovery schema or writeback misbehaves, and read or write workspace files. Use when records do not appear, saves do not arrive, schemas are empty, digests are truncated, tokens are refused, or before blaming the network.
---

# relayfile

\`relayfile\` mounts SaaS records as files and finds the cause when that goes wrong. Everything it does is one command
that prints one JSON document.

## Ask for the cause first

1. \`relayfile doctor --json\` reads only. Look at \`exit\`, \`verdict\` and \`rootCauses\`; every id there names a finding in
   \`findings\` with \`code\`, \`confidence\`, \`evidence\`, \`ruledOut\` and \`knownIssue\`.
2. Run the first entry of \`nextActions\`: \`argv\` is the command, \`safe: true\` means it can lose nothing.
3. \`relayfile explain CODE --json\` says offline what a finding means, how it was decided and what it is not.
4. Narrow: \`relayfile verify discovery [PROVIDER]\`, \`relayfile verify digest\`, \`relayfile verify writeback [PROVIDER]\`.

A check that could not tell says \`unknown\`, never \`pass\`. Findings with \`role: "consequence"\` are explained by those in
\`causedBy\`: repair the root cause and ask again instead of repairing consequences.

## Rules

- Branch on \`exit\` or \`error.code\`, never on message text. Repeat only what says \`error.retryable: true\` or exits with 3.
- Add \`--json\` to every command; stdout then holds exactly one document. Diagnostics go to stderr.
- Keep answers small: \`--max-body 0\` leaves answer bodies out, \`--only 'doctor.*token*'\` asks a few checks, \`--short\` is
  at most 25 lines for people.
- Give \`--timeout 60s\`: what was known by then is printed as a whole report.
- Nothing prompts without a terminal; \`--no-input\` makes sure.
- \`exchanges\` holds the requests that a finding cites or that went wrong and \`checks\` what was asked; \`-v\` adds all other
  requests and the skipped checks. \`repro.curl\`
  repeats a request with \`$RELAYFILE_TOKEN\`; no output ever holds a token.

## Waiting and watching

- \`relayfile doctor --wait 5m --json\` repeats until everything passes; \`attempts\` tells what happened before.
- \`relayfile doctor --watch 30s --events\` prints changes, one JSON object per line. The last line of any \`--events\`
  stream is \`run.finished\` with the summary.
- \`relayfile doctor --plan --json\` shows the requests and sends none; \`--offline\` looks at this machine only.
- \`relayfile report diff OLD NEW --json\` tells new, fixed and changed findings of two saved reports.

## Writing

- Files: \`relayfile tree WS PATH --json\`, \`relayfile cat WS PATH\`, \`relayfile put WS PATH --wait --json\` (content on stdin).
  Create a record by writing \`<type> <uuid>.json\` into its collection; the shape is in \`/discovery/…/.schema.json\` and
  \`.create.example.json\`. Edit with the changed fields only. A path below \`by-*\` cannot be written: use
  \`canonicalPath\` of \`_index.json\`.
- A save has arrived when its op is \`succeeded\`: \`relayfile ops show OP --json\`. Pending is not failed: do not send again.
- \`relayfile verify writeback PROVIDER --allow-write --json\` writes one marked throwaway record, follows it to the
  provider and removes it; \`writes\` in the report says what was written and how to undo what is left. Ask a person first.
- Saves of a mirror that were refused: \`relayfile writeback status\`, \`list\`, \`show\`, \`retry\`.

## Handing over

\`relayfile doctor --bundle incident.tar.gz\` packs report, evidence, state files and ends of logs without secrets.
\`relayfile report render report.json --to md\` is text for an issue.

## Exit codes

| code | name | meaning |
|---|---|---|
${exits.join("\n")}

\`relayfile schema list\` names the schema of every document; \`relayfile schema NAME\` prints it.
`;
}
