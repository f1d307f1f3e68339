/** The denial log: paths whose local change was refused, for people who wonder where their edit went (spec 1.9). */
import type { Engine } from "./engine.ts";
import { secondsTimestamp } from "./layout.ts";

const LOG_BYTES_MAX = 1_048_576;

/** One line in the denial log, capped at 1 MiB with one rotation. */
export function logDenial(
  engine: Engine,
  action: "WRITE_DENIED" | "WRITE_REVERTED" | "READ_DENIED",
  path: string,
  reason: string,
): void {
  const { fs } = engine.world;
  const file = engine.layout.denials;
  if ((fs.lstat(file)?.sizeBytes ?? 0) > LOG_BYTES_MAX) fs.rename(file, `${file}.1`);
  const line = `[${secondsTimestamp(engine.now())}] ${action} ${path}: ${reason.replaceAll("\n", " ")}\n`;
  fs.appendFile(file, new TextEncoder().encode(line));
}
