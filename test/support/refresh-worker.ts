/** A process that needs a cloud token, for the test of rotation: `refresh-worker.ts HOME` prints the token it got. */
import { openSession } from "../../lib/client/session.ts";
import { resolveTarget } from "../../lib/client/target.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";

const ports = bunPorts({ env: { RELAYFILE_HOME: process.argv[2] ?? "" } });
const session = openSession(await resolveTarget({}, ports, { lookup: false }), ports);
process.stdout.write(await session.cloud.token());
