/** What must hold whatever happened: at every moment, at every upload, and once faults have ended. */
import { sha256 } from "../../lib/runtime/bun/mount-world.ts";
import type { FakeFileApi, SeenRequest } from "../support/fake-file-api.ts";
import { type Machine, SWAPPED } from "./machine.ts";
import { MACHINE_HEADER } from "./network.ts";

/** Files that no person ever touches. */
export const UNTOUCHED = ["keep/1.md", "keep/2.md"] as const;

/** The judge of one run. Problems are sentences about paths. */
export class Judge {
  readonly problems: string[] = [];
  /** Paths that somebody else changed on the server. */
  readonly touchedRemotely = new Set<string>();

  constructor(
    private readonly api: FakeFileApi,
    private readonly machines: readonly Machine[],
    /** Faults that hit so far. */
    private readonly faults: Readonly<Record<string, number>>,
    private readonly auditsAreRare: boolean,
  ) {
    api.onApplied = (path, hash, replaced, request) =>
      this.upload(path.slice(1), hash, replaced, this.senderOf(request));
  }

  /** Files nobody touches stay, at every moment, once they have arrived. */
  always(): void {
    for (const [index, { rig, arrived }] of this.machines.entries()) {
      for (const path of UNTOUCHED) {
        const here = rig.local(path) !== null;
        if (here) arrived.add(path);
        else if (arrived.has(path))
          this.problems.push(`${path}, which nobody touched, went away on ${index}`);
      }
    }
  }

  /** Once faults have ended and both sides had time: they agree and nothing is lost. */
  atTheEnd(): void {
    for (const machine of this.machines) {
      this.agreement(machine);
      this.saves(machine);
      this.verdict(machine);
      if (machine.rig.fs.lstat(machine.rig.root)?.kind !== "directory")
        this.problems.push("the root is gone");
    }
    this.deletes();
    this.repeats();
    this.conflicts();
  }

  private senderOf(request: SeenRequest): Machine {
    return this.machines[Number(request.headers.get(MACHINE_HEADER) ?? "0")] as Machine;
  }

  /** An upload of a person's own bytes may replace only what they had seen, or their own earlier saves. */
  private upload(path: string, hash: string, replaced: string | null, { seen, saved, rig }: Machine): void {
    if (replaced === null || replaced === hash || !saved.get(path)?.has(hash)) return;
    // A merge that found nothing to add uploads the person's own bytes, and they hold the other version too.
    if (rig.lines.some(({ message, fields }) => message.startsWith("merged") && fields.path === `/${path}`))
      return;
    if (saved.get(path)?.has(replaced)) return;
    // What a merge put before their eyes they have seen, also where the daemon died before it could say so.
    const theirs = this.api.texts.get(`/${path}`)?.find((text) => sha256(text) === replaced);
    if (theirs !== undefined && [...(seen.get(path) ?? [])].some((text) => holdsLinesOf(text, theirs)))
      return;
    const merged = this.api.applied.some((one) => one.path === `/${path}` && one.hash === replaced);
    if (!merged || this.savedElsewhere(path, replaced))
      this.problems.push(`an upload of ${path} replaced a version nobody here had seen`);
  }

  private savedElsewhere(path: string, hash: string): boolean {
    return this.machines.some(({ saved }) => saved.get(path)?.has(hash));
  }

  /** Both sides have the same, but for bytes that the server refused and a record still holds. */
  private agreement({ rig }: Machine): void {
    const refused = new Set<string>();
    for (const text of keptBelow(rig, "dead-letter").values())
      refused.add(`${textIn(text, "path")}\0${textIn(text, "hash")}`);
    for (const text of keptBelow(rig, "outbox/failed").values())
      refused.add(`${textIn(text, "remotePath")}\0${textIn(text, "hash")}`);
    const remote = [...this.api.files.keys()].map((path) => path.slice(1));
    for (const rel of new Set([...rig.fs.files(rig.root), ...remote])) {
      const [here, there] = [rig.local(rel), this.api.text(`/${rel}`)];
      if (here === null && this.wasLiedTo()) continue;
      // Where nobody knows that a save arrived, the file is not deleted there when a directory replaces it: theirs has no
      // room here, ours none there, and a person must choose.
      if (rel.startsWith(SWAPPED) && this.saveMayBeUnknown()) continue;
      if (here === there || (here !== null && refused.has(`/${rel}\0${sha256(here)}`))) continue;
      this.problems.push(`${rel} differs: here ${brief(here)}, there ${brief(there)}`);
    }
  }

  /**
   * Where the index was lost with the power, or the feed with its history, a listing is all there is, and one that leaves
   * files out cannot be told from the truth. The next audit tells; where audits are rare the run ends before it.
   */
  private wasLiedTo(): boolean {
    const { faults } = this;
    const listingDecides = faults["power cut"] !== undefined || faults["expired feed"] !== undefined;
    return this.auditsAreRare && listingDecides && faults["truncated listing"] !== undefined;
  }

  private verdict({ rig }: Machine): void {
    const state = rig.relay("state.json");
    if (state?.verdict === "ok" || /refused|both sides/.test(state?.verdictReason ?? "")) return;
    this.problems.push(
      `verdict ${state?.verdict}: ${state?.verdictReason} (${JSON.stringify(state?.lastError)})`,
    );
  }

  private saves({ rig, lastSaved, written }: Machine): void {
    const kept = new Set(keptBelow(rig, "").values());
    for (const [path, text] of lastSaved) {
      const hash = sha256(text);
      if (this.api.everStored.has(hash) || kept.has(text) || rig.local(path) === text) continue;
      const versions = [rig.local(path) ?? "", ...kept.values(), ...(this.api.texts.get(`/${path}`) ?? [])];
      if (!hasEveryLine(versions, written.get(path) ?? []))
        this.problems.push(`a save of ${path} is lost: ${brief(text)}`);
    }
  }

  /** Every delete that was sent for a path follows a person's own at that machine. */
  private deletes(): void {
    for (const request of this.api.seen("DELETE", "/fs/file")) {
      const path = (request.query.get("path") ?? "").slice(1);
      if (!this.senderOf(request).removed.has(path))
        this.problems.push(`a delete of ${path} was sent and no person removed it`);
    }
    for (const rel of UNTOUCHED) {
      if (this.api.text(`/${rel}`) === null) this.problems.push(`${rel}, which nobody touched, is gone`);
      for (const { rig } of this.machines)
        if (rig.local(rel) === null && !this.wasLiedTo())
          this.problems.push(`${rel}, which nobody touched, is gone here`);
    }
  }

  /** No identity takes effect twice, and no save under two identities. */
  private repeats(): void {
    const identities = this.api.applied.map(({ identity }) => identity).filter((one) => one !== null);
    if (new Set(identities).size !== identities.length) this.problems.push("an operation was applied twice");
    // An index that a power cut set back may not know that a save had arrived and was deleted there since.
    if (this.faults["power cut"] !== undefined) return;
    const times = new Map<string, number>();
    for (const { path, hash } of this.api.applied) {
      const key = `${path.slice(1)}\0${hash}`;
      times.set(key, (times.get(key) ?? 0) + 1);
    }
    for (const [key, count] of times) {
      const [path = "", hash = ""] = key.split("\0");
      const saves = this.machines.reduce((sum, { saved }) => sum + (saved.get(path)?.get(hash) ?? 0), 0);
      if (saves > 0 && count > saves)
        this.problems.push(`a save of ${path} was applied ${count} times and made ${saves} times`);
    }
  }

  /** True where a save may have arrived without the index knowing it. */
  private saveMayBeUnknown(): boolean {
    const { faults } = this;
    if (faults["power cut"] !== undefined) return true;
    const refused = Object.keys(faults).some((kind) => kind.startsWith("file refused"));
    return (
      refused && ["repeated request", "lost reply", "late reply"].some((kind) => faults[kind] !== undefined)
    );
  }

  /**
   * Nobody is asked about their own saves. An index that a power cut set back may take a save of before for somebody
   * else's, and then both versions are kept, which loses nothing. The same goes for a save whose reply was lost, or that
   * the network delivered twice, when the server refused it or its successor for good in between.
   */
  private conflicts(): void {
    if (this.saveMayBeUnknown()) return;
    for (const [index, { rig }] of this.machines.entries()) {
      const others = this.machines.filter((_, other) => other !== index);
      for (const path of keptBelow(rig, "conflicts").keys()) {
        const rel = /conflicts\/(.*)\.[^.]+\.local$/.exec(path)?.[1] ?? "";
        if (rel === "" || rel.startsWith("resolved/") || this.touchedRemotely.has(rel)) continue;
        if (others.some(({ saved, removed }) => saved.has(rel) || removed.has(rel))) continue;
        this.problems.push(`${rel} has a conflict although nobody else ever changed it`);
      }
    }
  }
}

/** Every text kept below the runtime area by path; the content of outbox records besides. */
function keptBelow(rig: Machine["rig"], below: string): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (directory: string) => {
    if (rig.fs.lstat(directory)?.kind !== "directory") return;
    for (const { name, kind } of rig.fs.readDir(directory)) {
      const path = `${directory}/${name}`;
      if (kind === "directory") {
        walk(path);
        continue;
      }
      const text = rig.fs.text(path) ?? "";
      found.set(path, text);
      if (path.includes("/outbox/")) found.set(`${path}#content`, textIn(text, "content"));
    }
  };
  walk(`${rig.root}/.relay/${below}`);
  return found;
}

/** True when some version has every line that a person wrote: a merge keeps them. A save without any is not merged. */
function hasEveryLine(versions: readonly string[], written: readonly string[]): boolean {
  return (
    written.length > 0 &&
    versions.some((version) => {
      const lines = new Set(version.split("\n"));
      return written.every((line) => lines.has(line));
    })
  );
}

function holdsLinesOf(text: string, other: string): boolean {
  const lines = new Set(text.split("\n"));
  return other.split("\n").every((line) => lines.has(line));
}

function textIn(document: string, key: string): string {
  try {
    const value = (JSON.parse(document) as Record<string, unknown>)[key];
    return typeof value === "string" ? value : "";
  } catch {
    // Not every file is a document.
    return "";
  }
}

function brief(text: string | null): string {
  return text === null ? "nothing" : JSON.stringify(text.slice(-30));
}
