/** Which relayfile this is. The build replaces `RELAYFILE_BUILD`; from source it does not exist. */
import packageJson from "../package.json" with { type: "json" };

declare const RELAYFILE_BUILD: { commit: string; builtAt: string; target: string } | undefined;

const build = typeof RELAYFILE_BUILD === "undefined" ? null : RELAYFILE_BUILD;

/** Semantic version of this program, as in package.json. */
export const VERSION: string = packageJson.version;

/** Facts about the build; every field is null when running from source. */
export const BUILD: {
  /** Full commit id. */
  readonly commit: string | null;
  /** Time of that commit, ISO 8601 UTC, so that a rebuild gives the same bytes. */
  readonly builtAt: string | null;
  /** Target of the artifact, for example `linux_x64_musl`. */
  readonly target: string | null;
} = build ?? { commit: null, builtAt: null, target: null };
