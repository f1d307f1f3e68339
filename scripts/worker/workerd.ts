/** Starts the Worker in the real engine on this machine, with the bindings that `wrangler.jsonc` declares. */
import { Miniflare } from "miniflare";
import { bundleWorker } from "./bundle.ts";
import { wranglerConfig } from "./config.ts";

/** What to start. */
export interface WorkerdOptions {
  /** A free one when absent or 0. */
  readonly port?: number;
  /** Keeps everything below this directory; absent keeps it in memory until the end. */
  readonly dataDir?: string;
  /** Variables and secrets of the Worker. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Hears each line the Worker logs; absent lets them go to this process' output. */
  readonly onLog?: (line: string) => void;
}

/** A running Worker. */
export interface Workerd {
  readonly port: number;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly miniflare: Miniflare;
  stop(): Promise<void>;
}

/** Starts the Worker; it answers when this resolves. Everybody on this machine may sign in. */
export async function startWorkerd(options: WorkerdOptions = {}): Promise<Workerd> {
  const config = wranglerConfig();
  const { onLog } = options;
  const port = freePort(options.port ?? 0);
  const sqlite = new Set(config.migrations.flatMap((migration) => migration.new_sqlite_classes));
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port,
    // Nothing of this machine goes anywhere: no telemetry, no look-up of where it is.
    telemetry: { enabled: false },
    cf: false,
    modules: [{ type: "ESModule", path: "worker.js", contents: await bundleWorker() }],
    compatibilityDate: config.compatibility_date,
    durableObjects: Object.fromEntries(
      config.durable_objects.bindings.map(({ name, class_name: className }) => [
        name,
        { className, useSQLite: sqlite.has(className) },
      ]),
    ),
    r2Buckets: Object.fromEntries(
      config.r2_buckets.map(({ binding, bucket_name: bucket }) => [binding, bucket]),
    ),
    bindings: {
      RELAYFILE_HOSTS: `127.0.0.1:${port},localhost:${port}`,
      RELAYFILE_SIGN_IN: "open",
      ...options.variables,
    },
    ...(onLog === undefined
      ? {}
      : {
          handleStructuredLogs: ({ message }: { message: string }) => {
            onLog(message);
          },
        }),
    ...(options.dataDir === undefined
      ? {}
      : { defaultPersistRoot: options.dataDir, durableObjectsPersist: true, r2Persist: true }),
  });
  await miniflare.ready;
  return { port, url: `http://127.0.0.1:${port}`, miniflare, stop: () => miniflare.dispose() };
}

/** The port itself, or one nobody listens on at this moment for 0: the Worker has to know it before it listens. */
function freePort(wanted: number): number {
  try {
    const probe = Bun.serve({ hostname: "127.0.0.1", port: wanted, fetch: () => new Response() });
    const { port } = probe;
    void probe.stop(true);
    return port ?? wanted;
  } catch (cause) {
    throw new Error(`port ${wanted} of 127.0.0.1 is taken`, { cause });
  }
}
