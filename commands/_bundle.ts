/** `--bundle`: one archive with everything a colleague needs, written beside the report. */
import { fail, osCodeOf } from "../lib/errors.ts";
import { RUNTIME_DIR } from "../lib/model/mount-state.ts";
import { tarEnd, tarHeader, tarPadding } from "../lib/service/file-api/tar.ts";
import type { ProbeTarget } from "../verify/evidence.ts";
import { renderReport } from "../verify/render/mod.ts";
import type { BundleNote, Report } from "../verify/report.ts";
import { type BundleEntry, bundleEntries, byteLength, type LocalPiece } from "../verify/run/bundle.ts";
import { learnSecrets, type SavedRun } from "../verify/runner.ts";
import type { CommandContext } from "./_command.ts";

const DEAD_LETTERS_MAX = 100;

/** Writes the archive and says what is in it. Fails with `io_error`. */
export async function writeBundle(
  context: CommandContext,
  path: string,
  made: { readonly report: Report; readonly saved: SavedRun; readonly target: ProbeTarget | null },
): Promise<BundleNote> {
  const { ports } = context;
  const { report, saved, target } = made;
  const redactor = learnSecrets({ ports, target: target ?? { workspaceToken: null, cloudToken: null } });
  const entries = bundleEntries(
    {
      report,
      text: await renderReport(report, "text"),
      markdown: await renderReport(report, "md"),
      script: await renderReport(report, "curl"),
      saved,
      local: target === null ? [] : localPieces(context, target),
    },
    redactor,
  );
  const bytes = await gzip(tar(entries, Date.parse(report.finishedAt)));
  try {
    ports.fs.writeFile(path, bytes, { mode: 0o600 });
  } catch (cause) {
    fail("io_error", `cannot write ${path} (${osCodeOf(cause) ?? "unknown error"})`, { path }, { cause });
  }
  return {
    path,
    bytes: bytes.byteLength,
    files: entries.map((entry) => ({
      path: entry.path,
      what: entry.what,
      bytes: byteLength(entry.text),
    })),
    redactions: {
      rules: [...new Set([...report.redactions.rules, ...redactor.summary.rules])].sort(),
      count: report.redactions.count + redactor.summary.count,
    },
  };
}

/** State files and logs of the mirror and of the home directory that exist and can be read. */
function localPieces({ ports }: CommandContext, target: ProbeTarget): LocalPiece[] {
  const { fs } = ports;
  const pieces: LocalPiece[] = [];
  const add = (name: string, what: string, kind: LocalPiece["kind"], path: string) => {
    try {
      if (fs.lstat(path)?.kind !== "file") return;
      pieces.push({ name, what, kind, text: new TextDecoder().decode(fs.readFile(path)) });
    } catch {
      // Unreadable: the report's own checks say so; a bundle takes what there is.
    }
  };
  if (target.home !== null) {
    add("state/workspaces.json", "registered workspaces", "state", `${target.home}/workspaces.json`);
  }
  const { mountDir } = target;
  if (mountDir === null) return pieces;
  const area = `${mountDir}/${RUNTIME_DIR}`;
  add("state/mount-state.json", "public state of the mirror", "state", `${area}/state.json`);
  add("state/mount.pid", "the daemon's record", "state", `${area}/mount.pid`);
  add("state/older-index.json", "index for other tools", "state", `${mountDir}/.relayfile-mount-state.json`);
  add("logs/mount.log", "end of the daemon's log", "log", `${area}/mount.log`);
  add("logs/permissions-denied.log", "refused paths", "log", `${area}/permissions-denied.log`);
  for (const name of names(fs, area).filter((one) => /^INCIDENT-.*\.md$/.test(one))) {
    add(`state/${name}`, "incident note", "text", `${area}/${name}`);
  }
  const letters = names(fs, `${area}/dead-letter`).filter((name) => name.endsWith(".json"));
  for (const name of letters.slice(0, DEAD_LETTERS_MAX)) {
    add(`dead-letter/${name}`, "a save that did not arrive", "state", `${area}/dead-letter/${name}`);
  }
  return pieces;
}

function names(fs: CommandContext["ports"]["fs"], dir: string): string[] {
  try {
    return fs
      .readDir(dir)
      .map((entry) => entry.name)
      .sort();
  } catch {
    // No such directory: nothing to add.
    return [];
  }
}

function tar(entries: readonly BundleEntry[], modifiedAtMs: number): Uint8Array<ArrayBuffer>[] {
  const encoder = new TextEncoder();
  const blocks = entries.flatMap(({ path, text }) => {
    const bytes = encoder.encode(text);
    const header = tarHeader({ name: path, sizeBytes: bytes.byteLength, modifiedAtMs });
    return [header, bytes, tarPadding(bytes.byteLength)];
  });
  return [...blocks, tarEnd()] as Uint8Array<ArrayBuffer>[];
}

async function gzip(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<Uint8Array> {
  const stream = new Blob([...parts]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
