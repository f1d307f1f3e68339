/**
 * Runs a script against the daemon's real code on memory disks, a fake server and simulated time, then lets the sun
 * shine and asks whether everything a person relies on still holds.
 */
import { FakeFileApi } from "../support/fake-file-api.ts";
import { seededRandom } from "../support/mount-rig.ts";
import { SimClock } from "../support/sim-clock.ts";
import { Judge, UNTOUCHED } from "./judge.ts";
import { Machine } from "./machine.ts";
import { Network } from "./network.ts";
import { type Action, type Climate, climateOf, FAIR, randomScript } from "./script.ts";

/** How a run ended. */
export interface SimResult {
  readonly problems: readonly string[];
  /** Faults that really hit, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  readonly steps: readonly string[];
}

/** What may differ from a random run. */
export interface RunOptions {
  readonly climate?: Climate;
  /** Simulated time for both sides to agree once faults have ended. */
  readonly calmMs?: number;
  /** Begin with no daemon: a `start` of the script is the first. */
  readonly asleep?: boolean;
}

const CALM_MS = 20 * 60_000;
/** How often a daemon that ended by itself is started again meanwhile. */
const SUPERVISOR_MS = 60_000;
const LENGTH = 40;

/** Runs one script. The same script, seed and options give the same run. */
export async function runScript(
  script: readonly Action[],
  seed: number,
  options: RunOptions = {},
): Promise<SimResult> {
  return new Simulation(seed, options).run(script);
}

/** The script of a seed. */
export function scriptOf(seed: number): Action[] {
  return randomScript(seededRandom(seed), LENGTH, climateOf(seed));
}

/** Generates and runs the script of a seed. */
export function runSeed(seed: number): Promise<SimResult> {
  return runScript(scriptOf(seed), seed);
}

/** The smallest script found that still fails, by removing parts. */
export async function shrink(script: readonly Action[], seed: number): Promise<readonly Action[]> {
  let best = script;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at + size <= best.length; ) {
      const smaller = [...best.slice(0, at), ...best.slice(at + size)];
      const { problems } = await runScript(smaller, seed);
      if (problems.length > 0) best = smaller;
      else at += size;
    }
  }
  return best;
}

class Simulation {
  private readonly clock = new SimClock();
  private readonly api = new FakeFileApi(() => this.clock.now());
  private readonly faults: Record<string, number> = {};
  private readonly steps: string[] = [];
  private readonly network: Network;
  private readonly machines: readonly Machine[];
  private readonly judge: Judge;

  constructor(
    seed: number,
    private readonly options: RunOptions,
  ) {
    const climate = options.climate ?? climateOf(seed);
    this.api.treePage = climate.page;
    this.api.feedPage = climate.page;
    const count = (kind: string) => {
      this.faults[kind] = (this.faults[kind] ?? 0) + 1;
    };
    const { api, clock } = this;
    const network = new Network(api, clock, seededRandom(seed ^ 0x5eed), count);
    this.network = network;
    if (climate.slowOps) network.operationsEnd("in a while");
    this.machines = Array.from({ length: climate.machines }, (_, index) => {
      const random = seededRandom(seed ^ (0xd15c + index));
      return new Machine({ index, seed, climate, api, clock, network, random, count });
    });
    for (const path of ["a.md", "d/c.md", ...UNTOUCHED]) api.put(`/${path}`, `first /${path}\n`);
    this.judge = new Judge(api, this.machines, this.faults, climate.auditMs > CALM_MS);
  }

  async run(script: readonly Action[]): Promise<SimResult> {
    if (!this.options.asleep) for (const machine of this.machines) machine.start();
    await this.clock.advance(3_000);
    for (const action of script) {
      this.steps.push(JSON.stringify(action));
      await this.perform(action);
      await this.clock.quiet();
      this.judge.always();
    }
    await this.calm();
    this.judge.atTheEnd();
    if (this.network.hammered)
      this.judge.problems.push("the server was asked again and again without a pause");
    for (const machine of this.machines) {
      await machine.life?.stop();
      machine.life?.kill();
      machine.rig.dispose();
    }
    return { problems: this.judge.problems, faults: this.faults, steps: this.steps };
  }

  private async perform(action: Action): Promise<void> {
    switch (action.kind) {
      case "remote-put":
        this.judge.touchedRemotely.add(action.path);
        this.api.put(`/${action.path}`, action.text);
        return;
      case "remote-remove":
        this.judge.touchedRemotely.add(action.path);
        this.api.remove(`/${action.path}`);
        return;
      case "weather":
        this.network.weather = action.weather;
        for (const { rig } of this.machines) {
          rig.refuseSockets = action.weather.lost > 0.3;
          if (action.weather.lost > 0) rig.dropSockets();
        }
        return;
      case "jump":
        this.faults["clock jump"] = (this.faults["clock jump"] ?? 0) + 1;
        this.clock.jump(action.ms);
        return;
      case "expire":
        this.faults["expired feed"] = (this.faults["expired feed"] ?? 0) + 1;
        this.api.expireEvents();
        return;
      case "operations":
        this.network.operationsEnd(action.end);
        return;
      case "wait":
        await this.clock.advance(action.ms);
        return;
      default:
        await this.machines[action.at ?? 0]?.perform(action);
    }
  }

  private async calm(): Promise<void> {
    this.network.weather = FAIR;
    for (const machine of this.machines) {
      machine.rig.refuseSockets = false;
      machine.heal();
      machine.disarm();
    }
    const calmMs = this.options.calmMs ?? CALM_MS;
    for (let passed = 0; passed < calmMs; passed += SUPERVISOR_MS) {
      for (const machine of this.machines) machine.start();
      await this.clock.advance(SUPERVISOR_MS);
    }
  }
}
