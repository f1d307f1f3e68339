/** The document of `relayfile version`, apart from the command so that `--version` loads nothing else. */
import type { Document } from "../../commands/_command.ts";
import { BUILD, VERSION } from "../version.ts";

/** Facts about this program. `commit`, `builtAt` and `target` are null when running from source. */
export interface VersionDocument extends Document {
  readonly kind: "relayfile.version";
  readonly version: string;
  readonly commit: string | null;
  readonly builtAt: string | null;
  readonly target: string | null;
  /** For example `Bun/1.4.5`. */
  readonly runtime: string;
  /** Versions of the formats this program writes. */
  readonly schemaVersions: Readonly<Record<string, string>>;
}

/** What is running. */
export function versionDocument(): VersionDocument {
  return {
    schemaVersion: "1.0",
    kind: "relayfile.version",
    version: VERSION,
    ...BUILD,
    runtime: navigator.userAgent,
    schemaVersions: { report: "1.0", documents: "1.0" },
  };
}

/** `relayfile 0.1.0`, with target and commit when the build knows them. */
export function versionLine(document: VersionDocument): string {
  const build = [document.target, document.commit?.slice(0, 12)].filter(Boolean).join(" ");
  return `relayfile ${document.version}${build === "" ? "" : ` (${build})`}`;
}
