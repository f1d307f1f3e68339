/** Who may import whom: the table of the architecture, as data. The most specific zone that fits a path wins. */

/** One folder or file and what its code may use. */
export interface Zone {
  /** Path prefix; a trailing slash means a folder. */
  readonly prefix: string;
  /** Prefixes of the repository it may import; its own is always allowed. */
  readonly may: readonly string[];
  /** Packages it may import. */
  readonly packages: readonly string[];
  /** Modules of the runtime, `node:` and `bun:`. */
  readonly runtime: boolean;
  /** No clock, randomness, process, network or timers: same input, same output. */
  readonly pure: boolean;
}

const BASE = ["lib/errors.ts", "lib/limits.ts", "lib/version.ts", "package.json"];
const MODEL = [...BASE, "lib/model/"];
const PORTS = [...MODEL, "lib/ports.ts"];

const zone = (
  prefix: string,
  may: readonly string[],
  rest: Partial<Omit<Zone, "prefix" | "may">> = {},
): Zone => ({
  prefix,
  may,
  packages: [],
  runtime: false,
  pure: false,
  ...rest,
});

/**
 * The table. Types count like values: a type from the wrong side is a dependency too. `lib/ports.ts` holds only types,
 * so pure folders may name what its methods take and return.
 */
export const ZONES: readonly Zone[] = [
  zone("cli.ts", ["commands/mod.ts", "lib/ui/", "lib/runtime/bun/"], { runtime: true }),
  zone("commands/", ["lib/", "verify/", "commands/_", "commands/mod.ts", "package.json"], {
    packages: ["zod"],
  }),
  zone("commands/demo.ts", ["lib/", "verify/", "commands/_", "commands/doctor.ts", "commands/verify.ts"]),
  zone("commands/_command.ts", PORTS, { packages: ["citty"] }),
  zone("lib/errors.ts", [], { pure: true }),
  zone("lib/limits.ts", [], { pure: true }),
  zone("lib/version.ts", ["package.json"], { pure: true }),
  zone("lib/model/", BASE, { packages: ["zod"], pure: true }),
  zone("lib/ports.ts", MODEL, { pure: true }),
  zone("lib/sync/", PORTS, { pure: true }),
  zone("lib/digest/", MODEL, { pure: true }),
  zone("lib/providers/", MODEL, { packages: ["zod"], pure: true }),
  zone("lib/pipeline/", [...PORTS, "lib/providers/", "lib/digest/"], {
    packages: ["zod", "@cfworker/json-schema"],
  }),
  zone("lib/pipeline/pure/", [...PORTS, "lib/providers/", "lib/digest/"], {
    packages: ["zod", "@cfworker/json-schema"],
    pure: true,
  }),
  zone("lib/demo/", [...PORTS, "lib/client/", "lib/mount/", "lib/simulator/seed/"]),
  zone("lib/simulator/", PORTS, { packages: ["zod", "hono"] }),
  zone(
    "lib/service/",
    [...PORTS, "lib/digest/", "lib/pipeline/", "lib/providers/", "lib/sync/merge-lines.ts"],
    {
      packages: ["hono", "jose", "@cfworker/json-schema", "zod"],
    },
  ),
  zone("lib/client/", PORTS, { packages: ["ofetch", "zod"] }),
  zone("lib/mount/", [...PORTS, "lib/sync/", "lib/client/"], { packages: ["zod"] }),
  zone("lib/runtime/clock.ts", PORTS),
  zone(
    "lib/runtime/bun/",
    [...PORTS, "lib/runtime/clock.ts", "lib/service/", "lib/simulator/", "lib/mount/", "lib/ui/terminal.ts"],
    {
      runtime: true,
      packages: ["hono", "jose"],
    },
  ),
  zone("lib/runtime/workers/", [...PORTS, "lib/runtime/clock.ts", "lib/service/"], {
    packages: ["hono", "jose", "cloudflare:workers"],
  }),
  zone("lib/ui/", [...PORTS, "commands/"], { packages: ["citty"] }),
  zone("lib/ui/log.ts", [...PORTS, "lib/ui/terminal.ts", "lib/ui/secrets.ts"], { packages: ["consola"] }),
  zone("lib/ui/views/", ["lib/", "commands/", "verify/"], { pure: true }),
  zone("verify/", [...PORTS, "lib/providers/", "lib/pipeline/pure/", "lib/digest/", "lib/client/"], {
    packages: ["zod", "@cfworker/json-schema"],
  }),
  ...["verify/discovery/", "verify/digest/", "verify/writeback/", "verify/doctor/"].map((prefix) =>
    zone(
      prefix,
      [
        ...MODEL,
        "verify/check.ts",
        "verify/facts.ts",
        "verify/report.ts",
        "verify/trees.ts",
        "lib/digest/",
        "lib/providers/",
        "lib/pipeline/pure/",
      ],
      { packages: ["@cfworker/json-schema"], pure: true },
    ),
  ),
  zone("verify/write/checks/", [...MODEL, "verify/check.ts", "verify/facts.ts", "verify/write/facts.ts"], {
    pure: true,
  }),
  zone(
    "verify/render/",
    [
      ...MODEL,
      "verify/report.ts",
      "verify/verdict.ts",
      "verify/check.ts",
      "verify/run/events.ts",
      "verify/diff.ts",
      "lib/ui/style.ts",
      "lib/ui/text.ts",
    ],
    {
      pure: true,
    },
  ),
  zone("scripts/", ["lib/", "commands/", "verify/", "package.json", "test/faults/", "test/support/"], {
    runtime: true,
    packages: ["esbuild", "miniflare", "zod"],
  }),
  zone("test/", [""], {
    runtime: true,
    packages: [
      "citty",
      "zod",
      "fast-check",
      "jose",
      "hono",
      "ofetch",
      "miniflare",
      "playwright-core",
      "@octokit/webhooks-examples",
      "@relayfile/sdk",
    ],
  }),
];

/** The zone of a path, or null for files outside the table. */
export function zoneOf(path: string, zones: readonly Zone[] = ZONES): Zone | null {
  let best: Zone | null = null;
  for (const each of zones) {
    if (path.startsWith(each.prefix) && each.prefix.length > (best?.prefix.length ?? -1)) best = each;
  }
  return best;
}
