/**
 * The contract suites against any deployment: `bun run contract --file-api URL --control-plane URL`. A route that the
 * deployment lacks is reported as not deployed; everything else is judged for real.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const USAGE = `usage: bun run contract --file-api URL --control-plane URL [--sign-in-key KEY] [--cloud-token TOKEN]
                        [--token TOKEN] [--json]

  --file-api URL       base URL of the file API
  --control-plane URL  base URL of the control plane, above /api/v1
  --sign-in-key KEY    signs in where the login page asks for a key
  --cloud-token TOKEN  a cloud token (cld_at_...) to use instead of signing in
  --token TOKEN        a workspace token; its workspace is used and must be empty
  --json               one JSON document on stdout

A secret may also be @FILE. Without --token every suite makes a workspace and deletes it.
Exit codes: 0 nothing failed, 1 something failed, 2 usage, 3 could not determine.
`;

/** How one test ended. */
interface Outcome {
  readonly title: string;
  readonly outcome: "passed" | "failed" | "not-deployed" | "not-checked";
  readonly detail: string;
}

/** The whole run. */
export interface ContractReport {
  readonly schemaVersion: "1.0";
  readonly kind: "relayfile.contract";
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
  /** Routes that are not there, by name, and how that showed. */
  readonly notDeployed: readonly { readonly route: string; readonly why: string }[];
  readonly tests: readonly Outcome[];
  /** Why nothing could be judged; null when something was. */
  readonly unreachable: string | null;
  /** Trouble outside any test; null when there was none. */
  readonly broken: string | null;
}

/** Counts by outcome. */
export function countsOf(report: ContractReport): Record<Outcome["outcome"], number> {
  const counts = { passed: 0, failed: 0, "not-deployed": 0, "not-checked": 0 };
  for (const { outcome } of report.tests) counts[outcome]++;
  return counts;
}

/** 1 when something failed, 3 when nothing could be judged, else 0. */
export function exitCodeOf(report: ContractReport): number {
  const { passed, failed } = countsOf(report);
  if (failed > 0) return 1;
  return passed === 0 || report.unreachable !== null || report.broken !== null ? 3 : 0;
}

/** The report for people; its last line is the summary. */
export function renderContract(report: ContractReport): string {
  const counts = countsOf(report);
  const lines: string[] = [];
  if (report.unreachable !== null) lines.push(`cannot judge the deployment: ${report.unreachable}`);
  if (report.broken !== null) lines.push(`the run broke off: ${report.broken}`);
  for (const { title, detail } of report.tests.filter(({ outcome }) => outcome === "failed"))
    lines.push(`FAIL ${title}`, ...detail.split("\n").map((line) => `     ${line}`));
  for (const { route, why } of report.notDeployed) lines.push(`not deployed: ${route} (${why})`);
  for (const { title, detail } of report.tests.filter(({ outcome }) => outcome === "not-checked"))
    lines.push(`not checked: ${title}: ${detail}`);
  lines.push(
    `${counts.passed} passed, ${counts.failed} failed, ${counts["not-deployed"]} not deployed, ` +
      `${counts["not-checked"]} not checked`,
  );
  return `${lines.join("\n")}\n`;
}

/** What the run is told. */
export interface ContractSettings {
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
  readonly workspaceToken: string | null;
  readonly cloudToken: string | null;
  readonly signInKey: string | null;
}

/** Runs the suites in a process of their own and reads what they recorded. */
export async function runContract(settings: ContractSettings): Promise<ContractReport> {
  const root = dirname(import.meta.dir);
  const scratch = mkdtempSync(join(tmpdir(), "relayfile-contract-"));
  const recordFile = join(scratch, "outcomes.ndjson");
  try {
    const run = Bun.spawn(
      [process.execPath, "test", "./test/contract/deployment.ts", "--timeout", "120000"],
      {
        cwd: root,
        env: {
          ...process.env,
          RELAYFILE_CONTRACT_SETTINGS: JSON.stringify(settings),
          RELAYFILE_CONTRACT_RECORD: recordFile,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const [exitCode, said] = await Promise.all([run.exited, run.stderr.text(), run.stdout.text()]);
    const lines = existsSync(recordFile) ? readFileSync(recordFile, "utf8").split("\n") : [];
    return reportOf(settings, lines, exitCode === 0 ? null : said);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The report of recorded lines. `said` is what the process wrote when it did not end well. */
export function reportOf(
  { fileApiUrl, controlPlaneUrl }: Pick<ContractSettings, "fileApiUrl" | "controlPlaneUrl">,
  lines: readonly string[],
  said: string | null,
): ContractReport {
  const records = lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  const tests: Outcome[] = records
    .filter(({ kind }) => kind === "test")
    .map(({ title, outcome, detail }) => ({ title, outcome, detail }));
  const unreachable: string | null = records.find(({ kind }) => kind === "unreachable")?.message ?? null;
  // A failed test explains a bad end; without one something else broke, and that must not look like success.
  const explained = unreachable !== null || tests.some(({ outcome }) => outcome === "failed");
  return {
    schemaVersion: "1.0",
    kind: "relayfile.contract",
    fileApiUrl,
    controlPlaneUrl,
    notDeployed: records.filter(({ kind }) => kind === "lacking").map(({ route, why }) => ({ route, why })),
    tests,
    unreachable,
    broken: said === null || explained ? null : said.trim().split("\n").slice(-20).join("\n"),
  };
}

function refuse(message: string): never {
  process.stderr.write(`${message}\n\n${USAGE}`);
  process.exit(2);
}

function parsed() {
  try {
    return parseArgs({
      options: {
        "file-api": { type: "string" },
        "control-plane": { type: "string" },
        "sign-in-key": { type: "string" },
        "cloud-token": { type: "string" },
        token: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (thrown) {
    return refuse(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function baseUrl(flag: string, text: string | undefined): string {
  if (text === undefined) return refuse(`--${flag} is missing`);
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    return refuse(`--${flag} ${text} is not an http URL`);
  return text.replace(/\/+$/, "");
}

function secret(flag: string, text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!text.startsWith("@")) return text;
  if (!existsSync(text.slice(1))) return refuse(`--${flag}: there is no file ${text.slice(1)}`);
  return readFileSync(text.slice(1), "utf8").trim();
}

if (import.meta.main) {
  const values = parsed();
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const report = await runContract({
    fileApiUrl: baseUrl("file-api", values["file-api"]),
    controlPlaneUrl: baseUrl("control-plane", values["control-plane"]),
    workspaceToken: secret("token", values.token),
    cloudToken: secret("cloud-token", values["cloud-token"]),
    signInKey: secret("sign-in-key", values["sign-in-key"]),
  });
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : renderContract(report));
  process.exit(exitCodeOf(report));
}
