/** The yardstick: a bare `Bun.serve` in its own process that reads a body and answers JSON of a given size. */

const answer = JSON.stringify({ content: "x".repeat(Number(process.argv[2] ?? 0)) });
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch: async (request) => {
    if (request.method !== "GET") await request.text();
    return new Response(answer, { headers: { "Content-Type": "application/json" } });
  },
});
process.stdout.write(`${server.port}\n`);
