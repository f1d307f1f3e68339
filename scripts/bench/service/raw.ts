/**
 * The yardstick: a bare `Bun.serve` in its own process that reads a body and answers JSON of a given size. Below
 * `/stream?folder=&files=` it streams files of a directory, one after the other.
 */
import { readFile } from "node:fs/promises";

const answer = JSON.stringify({ content: "x".repeat(Number(process.argv[2] ?? 0)) });
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch: async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/stream") return new Response(filesOf(searchParams) as unknown as ReadableStream);
    if (request.method !== "GET") await request.text();
    return new Response(answer, { headers: { "Content-Type": "application/json" } });
  },
});
process.stdout.write(`${server.port}\n`);

async function* filesOf(query: URLSearchParams): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < Number(query.get("files")); n++) yield await readFile(`${query.get("folder")}/f${n}`);
}
