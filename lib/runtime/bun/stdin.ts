/** Standard input as bytes. */

/** Reads standard input to its end, or to the first chunk that passes `bytesMax`. */
export async function readStdin(bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of Bun.stdin.stream()) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > bytesMax) break;
  }
  return Buffer.concat(chunks);
}
