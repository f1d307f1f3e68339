/** Evidence on disk: one JSON file per kind and one with the exchanges, so that a report can be judged again elsewhere. */
import { fail, osCodeOf } from "../lib/errors.ts";
import type { LocalFs } from "../lib/ports.ts";
import type { EvidenceRecord } from "./evidence.ts";
import type { Exchange } from "./http/exchange.ts";
import type { SavedRun } from "./runner.ts";

const EXCHANGES = "exchanges.json";

/** Writes a run into a directory, creating it. Fails with `io_error`. */
export function saveRun(fs: LocalFs, dir: string, run: SavedRun): void {
  const write = (name: string, value: unknown) =>
    fs.writeFile(`${dir}/${name}`, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`), {
      mode: 0o600,
    });
  try {
    fs.makeDir(dir, 0o700);
    for (const record of run.evidence) write(`${record.name}.json`, record);
    write(EXCHANGES, { schemaVersion: "1.0", kind: "relayfile.exchanges", exchanges: run.exchanges });
  } catch (cause) {
    fail(
      "io_error",
      `cannot save evidence to ${dir} (${osCodeOf(cause) ?? "unknown error"})`,
      { dir },
      { cause },
    );
  }
}

/** Reads a saved run. Parts that are missing are gaps later; a part that is damaged fails with `invalid_input`. */
export function loadRun(fs: LocalFs, dir: string): SavedRun {
  let names: string[];
  try {
    names = fs.readDir(dir).map((entry) => entry.name);
  } catch (cause) {
    return fail(
      "invalid_input",
      `cannot read evidence from ${dir} (${osCodeOf(cause) ?? "unknown error"})`,
      { dir },
      { cause },
    );
  }
  const evidence: EvidenceRecord[] = [];
  let exchanges: readonly Exchange[] = [];
  for (const name of names.filter((entry) => entry.endsWith(".json")).sort()) {
    const value = readPart(fs, `${dir}/${name}`);
    if (value.kind === "relayfile.exchanges" && Array.isArray(value.exchanges))
      exchanges = value.exchanges as Exchange[];
    else if (value.kind === "relayfile.evidence" && typeof value.name === "string") {
      evidence.push(value as unknown as EvidenceRecord);
    }
  }
  if (evidence.length === 0)
    fail("invalid_input", `${dir} holds no evidence`, {
      hint: "Make some: relayfile doctor --save-evidence DIR",
    });
  return { evidence, exchanges };
}

function readPart(fs: LocalFs, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(fs.readFile(path)));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch (cause) {
    return fail(
      "invalid_input",
      `${path} is not valid JSON: the evidence is truncated or was edited`,
      { path },
      { cause },
    );
  }
}
