/** What is built: one row per artifact. */

/** One platform. */
export interface Target {
  /** Part of the archive's name: `linux_x64_musl`. */
  readonly name: string;
  /** Bun's name of the runtime to embed. Baseline x64, because older processors lack AVX2. */
  readonly bun: Bun.Build.CompileTarget;
  readonly executable: "relayfile" | "relayfile.exe";
  readonly archive: "tar.gz" | "zip";
}

const row = (name: string, bun: Target["bun"], windows = false): Target => ({
  name,
  bun,
  executable: windows ? "relayfile.exe" : "relayfile",
  archive: windows ? "zip" : "tar.gz",
});

/** Every platform of a release. */
export const TARGETS: readonly Target[] = [
  row("linux_x64", "bun-linux-x64-baseline"),
  row("linux_arm64", "bun-linux-arm64"),
  row("linux_x64_musl", "bun-linux-x64-baseline-musl"),
  row("linux_arm64_musl", "bun-linux-arm64-musl"),
  row("darwin_x64", "bun-darwin-x64"),
  row("darwin_arm64", "bun-darwin-arm64"),
  row("windows_x64", "bun-windows-x64-baseline", true),
];

/** Name of a target's archive. */
export function archiveName(target: Target, version: string): string {
  return `relayfile_${version}_${target.name}.${target.archive}`;
}

/** The target that runs here, or null on a platform without one. */
export function hostTarget(platform: string, arch: string, musl: boolean): Target | null {
  const os = platform === "win32" ? "windows" : platform;
  const name = `${os}_${arch}${musl ? "_musl" : ""}`;
  return TARGETS.find((target) => target.name === name) ?? null;
}
