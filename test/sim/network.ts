/** The network between simulated mounts and the fake server: loses, delays, repeats and forges what passes. */
import type { Random } from "../../lib/ports.ts";
import { sha256 } from "../../lib/runtime/bun/mount-world.ts";
import { error, type FakeFileApi, json, type SeenRequest } from "../support/fake-file-api.ts";
import type { SimClock } from "../support/sim-clock.ts";
import { FAIR, type Weather } from "./script.ts";

/** Names the machine that sent a request. */
export const MACHINE_HEADER = "x-simulated-machine";

const SLOW_MS_MAX = 60_000;

/** More requests than this without any time passing are a loop that hammers the server. */
const AT_ONCE_MAX = 2_000;

/** One network for all machines. */
export class Network {
  weather: Weather = FAIR;
  /** Somebody asked again and again without waiting. */
  hammered = false;
  private atOnce = { ms: 0, requests: 0 };

  constructor(
    private readonly api: FakeFileApi,
    private readonly clock: SimClock,
    private readonly random: Random,
    private readonly count: (kind: string) => void,
  ) {
    api.intercept = (request) => this.meddle(request);
    api.refuseFile = () => this.refuse();
  }

  /** Carries a request and brings its answer, in simulated time. Aborting gives up waiting, not the request. */
  async carry(request: Request, machine: number): Promise<Response> {
    this.watchForLoops();
    const { url, method, signal } = request;
    const headers = new Headers(request.headers);
    headers.set(MACHINE_HEADER, String(machine));
    // A sender that gives up does not unsend: what is under way has no signal.
    const body = method === "POST" ? await request.text() : null;
    const copy = () => new Request(url, { method, headers, body });
    const { slow = 0, twice = 0 } = this.weather;
    if (twice > 0 && this.random.float() < twice) {
      this.count("repeated request");
      const again = this.random.float() * SLOW_MS_MAX;
      this.clock.after(again, () => void this.reach(copy()).catch(() => undefined));
    }
    const [before, after] = [this.delay(slow, "late request"), this.delay(slow, "late reply")];
    const answer = this.travel(copy(), before, after);
    if (before + after === 0) return answer;
    return Promise.race([answer, givenUp(signal)]);
  }

  private watchForLoops(): void {
    const ms = this.clock.monotonicMs();
    if (this.atOnce.ms !== ms) this.atOnce = { ms, requests: 0 };
    if (++this.atOnce.requests <= AT_ONCE_MAX) return;
    this.hammered = true;
    throw new Error("too many requests at one moment");
  }

  private delay(probability: number, kind: string): number {
    if (probability === 0 || this.random.float() >= probability) return 0;
    this.count(kind);
    return this.random.float() * SLOW_MS_MAX;
  }

  private async travel(request: Request, beforeMs: number, afterMs: number): Promise<Response> {
    if (beforeMs > 0) await this.clock.sleep(beforeMs);
    const answer = this.reach(request);
    if (afterMs === 0) return answer;
    await answer.catch(() => undefined);
    await this.clock.sleep(afterMs);
    return answer;
  }

  private async reach(request: Request): Promise<Response> {
    this.clock.busy++;
    try {
      return await this.api.fetch(request);
    } finally {
      this.clock.busy--;
    }
  }

  /** What becomes of a live message: how many times it arrives. */
  copies(): number {
    const { liveLost = 0, liveTwice = 0 } = this.weather;
    if (liveLost > 0 && this.random.float() < liveLost) {
      this.count("lost live message");
      return 0;
    }
    if (liveTwice > 0 && this.random.float() < liveTwice) {
      this.count("repeated live message");
      return 2;
    }
    return 1;
  }

  private meddle(request: SeenRequest): Response | "drop" | "drop-reply" | null {
    const { lost, lostReply, status, code, truncated, html = 0 } = this.weather;
    const roll = this.random.float();
    if (roll < lost) {
      this.count("lost request");
      return "drop";
    }
    if (roll < lost + lostReply * (1 - lost)) {
      this.count("lost reply");
      return "drop-reply";
    }
    if (this.random.float() < status) {
      this.count(`status ${code}`);
      return error(code, code === 401 ? "unauthorized" : "unavailable", "storm");
    }
    if (html > 0 && this.random.float() < html) {
      this.count("page instead of an answer");
      return new Response("<html>sign in</html>", { status: 200, headers: { "content-type": "text/html" } });
    }
    if (truncated && request.method === "GET" && request.path.endsWith("/fs/tree")) {
      this.count("truncated listing");
      return this.halfTheTree(request.query.get("path") ?? "/");
    }
    if (truncated && request.method === "GET" && request.path.endsWith("/fs/export")) {
      this.count("cut export");
      const bytes = this.api.frames(request.query);
      return new Response(bytes.subarray(0, Math.floor(this.random.float() * bytes.byteLength)));
    }
    return null;
  }

  /** How operations end: with their write, seconds later, or some time later and one in ten badly. */
  operationsEnd(how: "at once" | "later" | "badly" | "in a while"): void {
    this.api.opStatus = () => {
      if (how === "at once") return { status: "succeeded" };
      const afterMs = how === "in a while" ? this.random.float() * SLOW_MS_MAX : 2_000;
      this.clock.after(afterMs, () => this.endOperations(how));
      return { status: "pending" };
    };
  }

  private endOperations(how: "later" | "badly" | "in a while"): void {
    for (const op of this.api.ops.values()) {
      if (op.status !== "pending") continue;
      const failed = how === "badly" || (how === "in a while" && this.random.float() < 0.1);
      if (failed) this.count("failed operation");
      op.status = failed ? "dead_lettered" : "succeeded";
      op.lastError = failed ? "provider answered 422" : null;
    }
  }

  private refuse(): string | null {
    const { refused = 0, fileCode = "internal_error" } = this.weather;
    if (refused === 0 || this.random.float() >= refused) return null;
    this.count(`file refused: ${fileCode}`);
    return fileCode;
  }

  private halfTheTree(path: string): Response {
    const files = [...this.api.files].filter(() => this.random.float() < 0.5);
    return json(200, {
      path,
      entries: files.map(([at, file]) => ({
        path: at,
        type: "file",
        revision: file.revision,
        contentHash: sha256(file.bytes),
        size: file.bytes.byteLength,
      })),
      nextCursor: null,
    });
  }
}

/** Rejects when the sender gives up. */
function givenUp(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
