/** A file system in memory: same answers and error codes as a disk, with events for a watcher and a hook for faults. */
import type { FileStat, LocalFs, Random, WatchTree } from "../../lib/ports.ts";

interface Node {
  kind: FileStat["kind"];
  bytes: Uint8Array;
  children: Map<string, Node>;
  target: string;
  inode: number;
  mode: number;
  mtimeMs: number;
  ctimeMs: number;
  /** What a power cut leaves of the content while the file is among the unsynced. */
  durable: Uint8Array;
}

/** Called before every operation that changes something; may throw to make it fail. */
export type FsHook = (operation: string, path: string) => void;

/** A memory disk. `now` gives file times in ms. */
export class MemoryFs implements LocalFs {
  hook: FsHook = () => undefined;
  private nextInode = 2;
  private readonly root: Node;
  /** Files with bytes that were never made durable. */
  private readonly unsynced = new Set<Node>();
  private readonly unnamed = new Map<number, Node>();
  /** How to take back, newest last, every change of a name since the last one that was made durable. */
  private undo: (() => void)[] = [];
  private readonly watchers = new Set<{
    root: string;
    onChange(rel: string | null, kind: "rename" | "change"): void;
  }>();

  constructor(private readonly now: () => number) {
    this.root = this.node("directory");
  }

  /** Watches this disk; events arrive as microtasks, like hints from a kernel. */
  readonly watch: WatchTree = (root, { onChange }) => {
    const watcher = { root, onChange };
    this.watchers.add(watcher);
    return { close: () => void this.watchers.delete(watcher) };
  };

  lstat(path: string): FileStat | null {
    const node = this.find(path);
    if (node === null) return null;
    return {
      kind: node.kind,
      sizeBytes: node.kind === "file" ? node.bytes.byteLength : 0,
      mtimeMs: node.mtimeMs,
      ctimeMs: node.ctimeMs,
      inode: node.inode,
      deviceId: 1,
      mode: node.mode,
    };
  }

  readDir(path: string) {
    const node = this.need(path);
    if (node.kind !== "directory") throw osError("ENOTDIR", path);
    return [...node.children].map(([name, child]) => ({ name, kind: child.kind }));
  }

  readFile(path: string): Uint8Array {
    const node = this.follow(this.need(path), path);
    if (node.kind === "directory") throw osError("EISDIR", path);
    return node.bytes.slice();
  }

  writeFile(
    path: string,
    bytes: Uint8Array,
    options: { mode?: number; exclusive?: boolean; sync?: boolean } = {},
  ): void {
    this.hook("write", path);
    const { parent, name } = this.parentOf(path);
    const existing = parent.children.get(name);
    if (existing !== undefined) {
      if (options.exclusive) throw osError("EEXIST", path);
      const target = this.follow(existing, path);
      if (target.kind === "directory") throw osError("EISDIR", path);
      this.fill(target, bytes, options.sync);
      this.touch(target);
      this.emit(path, "change");
      return;
    }
    const node = this.node("file", options.mode ?? 0o644);
    this.fill(node, bytes, options.sync);
    this.bind(parent, name, node);
    this.emit(path, "rename");
    this.emit(path, "change");
  }

  appendFile(path: string, bytes: Uint8Array): void {
    const before = this.find(path) === null ? new Uint8Array() : this.readFile(path);
    this.writeFile(path, new Uint8Array([...before, ...bytes]));
  }

  rename(from: string, to: string): void {
    this.hook("rename", to);
    const source = this.parentOf(from);
    const node = source.parent.children.get(source.name);
    if (node === undefined) throw osError("ENOENT", from);
    const target = this.parentOf(to);
    const existing = target.parent.children.get(target.name);
    if (existing?.kind === "directory" && node.kind !== "directory") throw osError("EISDIR", to);
    if (existing?.kind === "directory" && existing.children.size > 0) throw osError("ENOTEMPTY", to);
    this.atomically(() => {
      this.bind(source.parent, source.name, null);
      this.bind(target.parent, target.name, node);
    });
    node.ctimeMs = this.now();
    this.emit(from, "rename");
    this.emit(to, "rename");
  }

  exchange(a: string, b: string): boolean {
    this.hook("rename", b);
    const [first, second] = [this.parentOf(a), this.parentOf(b)];
    const [one, two] = [first.parent.children.get(first.name), second.parent.children.get(second.name)];
    if (one === undefined || two === undefined) return false;
    this.atomically(() => {
      this.bind(first.parent, first.name, two);
      this.bind(second.parent, second.name, one);
    });
    one.ctimeMs = this.now();
    two.ctimeMs = this.now();
    this.emit(a, "rename");
    this.emit(b, "rename");
    return true;
  }

  renameNew(from: string, to: string): boolean {
    if (this.find(to) !== null) return false;
    this.rename(from, to);
    return true;
  }

  writeUnnamed(directory: string, bytes: Uint8Array, mode: number): number {
    this.hook("write", directory);
    if (this.follow(this.need(directory), directory).kind !== "directory")
      throw osError("ENOTDIR", directory);
    const node = this.node("file", mode);
    this.fill(node, bytes, false);
    this.unnamed.set(node.inode, node);
    return node.inode;
  }

  nameUnnamed(handle: number, path: string): boolean {
    this.hook("rename", path);
    const node = this.unnamed.get(handle);
    if (node === undefined) throw osError("EBADF", path);
    if (this.find(path) !== null) return false;
    const { parent, name } = this.parentOf(path);
    this.bind(parent, name, node);
    node.ctimeMs = this.now();
    this.emit(path, "rename");
    return true;
  }

  dropUnnamed(handle: number): void {
    this.unnamed.delete(handle);
  }

  unlink(path: string): boolean {
    this.hook("unlink", path);
    const found = this.find(path);
    if (found === null) return false;
    if (found.kind === "directory") throw osError("EISDIR", path);
    const { parent, name } = this.parentOf(path);
    this.bind(parent, name, null);
    this.emit(path, "rename");
    return true;
  }

  removeDir(path: string): void {
    this.hook("rmdir", path);
    const node = this.need(path);
    if (node.kind !== "directory") throw osError("ENOTDIR", path);
    if (node.children.size > 0) throw osError("ENOTEMPTY", path);
    const { parent, name } = this.parentOf(path);
    this.bind(parent, name, null);
    this.emit(path, "rename");
  }

  makeDir(path: string, mode = 0o755): void {
    let node = this.root;
    let at = "";
    for (const part of path.split("/").filter((one) => one !== "")) {
      at += `/${part}`;
      let child = node.children.get(part);
      if (child === undefined) {
        this.hook("mkdir", at);
        child = this.node("directory", mode);
        this.bind(node, part, child);
        this.emit(at, "rename");
      }
      node = this.follow(child, at);
      if (node.kind !== "directory") throw osError("ENOTDIR", at);
    }
  }

  chmod(path: string, mode: number): void {
    this.hook("chmod", path);
    const node = this.need(path);
    node.mode = mode;
    node.ctimeMs = this.now();
    this.emit(path, "change");
  }

  realPath(path: string): string {
    this.need(path);
    return path;
  }

  /** Like a journal: what happened to names before is durable too. */
  syncDir(path: string): void {
    this.hook("sync", path);
    this.undo = [];
  }

  syncTree(path: string): void {
    this.hook("sync", path);
    this.settle();
  }

  /** Makes everything durable: what a person's own programs did before a power cut. */
  settle(): void {
    this.undo = [];
    this.unsynced.clear();
  }

  /**
   * The power fails. Of the changes to names since the last sync only the first few remain, in their order; of a file
   * whose bytes were not synced remains what was last synced, or everything, or nothing.
   */
  cutPower(random: Random): void {
    const kept = Math.floor(random.float() * (this.undo.length + 1));
    for (const back of this.undo.splice(kept).reverse()) back();
    for (const node of this.unsynced) {
      const roll = random.float();
      if (roll < 0.4) node.bytes = node.durable;
      else if (roll < 0.7) node.bytes = new Uint8Array();
    }
    this.settle();
    this.watchers.clear();
  }

  freeBytes(): number {
    return 1 << 30;
  }

  /** Makes a symbolic link; only tests do. */
  symlink(target: string, path: string): void {
    const { parent, name } = this.parentOf(path);
    const node = this.node("symlink");
    node.target = target;
    parent.children.set(name, node);
    this.emit(path, "rename");
  }

  /** Removes a tree, as `rm -rf` does; missing is fine. Every file reports its end. */
  removeTree(path: string): void {
    const node = this.find(path);
    if (node === null) return;
    if (node.kind === "directory") {
      for (const name of [...node.children.keys()]) this.removeTree(`${path}/${name}`);
      this.removeDir(path);
    } else this.unlink(path);
  }

  /** Text of a file, or null. */
  text(path: string): string | null {
    const node = this.find(path);
    return node === null || node.kind !== "file" ? null : new TextDecoder().decode(node.bytes);
  }

  /** Writes text, making parents: what a user's editor does. */
  save(path: string, text: string): void {
    this.makeDir(path.slice(0, path.lastIndexOf("/")));
    this.writeFile(path, new TextEncoder().encode(text));
  }

  /** Paths of files below a directory, relative to it, sorted; the daemon's own files left out. */
  files(directory: string): string[] {
    const found: string[] = [];
    const walk = (node: Node, prefix: string) => {
      for (const [name, child] of node.children) {
        if (name.startsWith(".relay")) continue;
        if (child.kind === "directory") walk(child, `${prefix}${name}/`);
        else found.push(prefix + name);
      }
    };
    const start = this.find(directory);
    if (start !== null) walk(start, "");
    return found.sort();
  }

  private fill(node: Node, bytes: Uint8Array, sync = false): void {
    if (sync) this.unsynced.delete(node);
    else if (!this.unsynced.has(node)) {
      node.durable = node.bytes;
      this.unsynced.add(node);
    }
    node.bytes = bytes.slice();
  }

  /** Gives a name in a directory to a node, or to nobody. */
  private bind(parent: Node, name: string, node: Node | null): void {
    const before = parent.children.get(name);
    this.undo.push(() => {
      if (before === undefined) parent.children.delete(name);
      else parent.children.set(name, before);
    });
    if (node === null) parent.children.delete(name);
    else parent.children.set(name, node);
  }

  /** Several changes of names that a journal keeps or loses together. */
  private atomically(work: () => void): void {
    const start = this.undo.length;
    work();
    const steps = this.undo.splice(start).reverse();
    this.undo.push(() => {
      for (const back of steps) back();
    });
  }

  private emit(path: string, kind: "rename" | "change"): void {
    for (const watcher of this.watchers) {
      if (!path.startsWith(`${watcher.root}/`)) continue;
      const rel = path.slice(watcher.root.length + 1);
      queueMicrotask(() => {
        if (this.watchers.has(watcher)) watcher.onChange(rel, kind);
      });
    }
  }

  private node(kind: Node["kind"], mode = kind === "directory" ? 0o755 : 0o644): Node {
    const at = this.now();
    return {
      kind,
      bytes: new Uint8Array(),
      children: new Map(),
      target: "",
      inode: this.nextInode++,
      mode,
      mtimeMs: at,
      ctimeMs: at,
      durable: new Uint8Array(),
    };
  }

  private touch(node: Node): void {
    node.mtimeMs = this.now();
    node.ctimeMs = this.now();
  }

  private find(path: string): Node | null {
    let node: Node = this.root;
    const parts = path.split("/").filter((one) => one !== "");
    for (const [index, part] of parts.entries()) {
      const next = node.children.get(part);
      if (next === undefined) return null;
      if (index === parts.length - 1) return next;
      const resolved = next.kind === "symlink" ? this.find(next.target) : next;
      if (resolved === null || resolved.kind !== "directory") return null;
      node = resolved;
    }
    return node;
  }

  private need(path: string): Node {
    return this.find(path) ?? raise("ENOENT", path);
  }

  private follow(node: Node, path: string): Node {
    return node.kind === "symlink" ? (this.find(node.target) ?? raise("ENOENT", path)) : node;
  }

  private parentOf(path: string): { parent: Node; name: string } {
    const slash = path.lastIndexOf("/");
    const parent = this.follow(slash <= 0 ? this.root : this.need(path.slice(0, slash)), path);
    if (parent.kind !== "directory") throw osError("ENOTDIR", path);
    return { parent, name: path.slice(slash + 1) };
  }
}

/** An error of the operating system. */
export function osError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function raise(code: string, path: string): never {
  throw osError(code, path);
}
