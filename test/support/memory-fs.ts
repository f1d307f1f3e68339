/** A file system in memory: same answers and error codes as a disk, with events for a watcher and a hook for faults. */
import type { FileStat, LocalFs, WatchTree } from "../../lib/ports.ts";

interface Node {
  kind: FileStat["kind"];
  bytes: Uint8Array;
  children: Map<string, Node>;
  target: string;
  inode: number;
  mode: number;
  mtimeMs: number;
  ctimeMs: number;
}

/** Called before every operation that changes something; may throw to make it fail. */
export type FsHook = (operation: string, path: string) => void;

/** A memory disk. `now` gives file times in ms. */
export class MemoryFs implements LocalFs {
  hook: FsHook = () => undefined;
  private nextInode = 2;
  private readonly root: Node;
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
      target.bytes = bytes.slice();
      this.touch(target);
      this.emit(path, "change");
      return;
    }
    const node = this.node("file", options.mode ?? 0o644);
    node.bytes = bytes.slice();
    parent.children.set(name, node);
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
    source.parent.children.delete(source.name);
    target.parent.children.set(target.name, node);
    node.ctimeMs = this.now();
    this.emit(from, "rename");
    this.emit(to, "rename");
  }

  exchange(a: string, b: string): boolean {
    this.hook("rename", b);
    const [first, second] = [this.parentOf(a), this.parentOf(b)];
    const [one, two] = [first.parent.children.get(first.name), second.parent.children.get(second.name)];
    if (one === undefined || two === undefined) return false;
    first.parent.children.set(first.name, two);
    second.parent.children.set(second.name, one);
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

  unlink(path: string): boolean {
    this.hook("unlink", path);
    const found = this.find(path);
    if (found === null) return false;
    if (found.kind === "directory") throw osError("EISDIR", path);
    const { parent, name } = this.parentOf(path);
    parent.children.delete(name);
    this.emit(path, "rename");
    return true;
  }

  removeDir(path: string): void {
    this.hook("rmdir", path);
    const node = this.need(path);
    if (node.kind !== "directory") throw osError("ENOTDIR", path);
    if (node.children.size > 0) throw osError("ENOTEMPTY", path);
    const { parent, name } = this.parentOf(path);
    parent.children.delete(name);
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
        node.children.set(part, child);
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

  syncDir(path: string): void {
    this.hook("sync", path);
  }

  syncTree(path: string): void {
    this.hook("sync", path);
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
