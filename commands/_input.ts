/** Input that a command reads from standard input, bounded. */
import { fail } from "../lib/errors.ts";
import type { CommandContext } from "./_command.ts";

/** Everything on standard input; fails with `payload_too_large` above the limit. */
export async function readInput(context: CommandContext, bytesMax: number): Promise<Uint8Array> {
  const read = context.stdin ?? (await import("../lib/runtime/bun/stdin.ts")).readStdin;
  const bytes = await read(bytesMax);
  if (bytes.byteLength > bytesMax) {
    fail("payload_too_large", `standard input is larger than the limit of ${bytesMax} bytes`);
  }
  return bytes;
}
