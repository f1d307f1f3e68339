/** A memory disk that keeps the spelling of names and does not tell upper from lower case, as on macOS and Windows. */
import { MemoryFs } from "./memory-fs.ts";

/** Every path is first turned into the spelling that is there. */
export class FoldingFs extends MemoryFs {
  private spelled(path: string): string {
    let at = "";
    for (const part of path.split("/").filter((one) => one !== "")) {
      const parent = at === "" ? "/" : at;
      const isThere = super.lstat(parent)?.kind === "directory";
      const same = isThere
        ? super.readDir(parent).find(({ name }) => name.toLowerCase() === part.toLowerCase())
        : undefined;
      at += `/${same?.name ?? part}`;
    }
    return at === "" ? "/" : at;
  }

  override lstat(path: string) {
    return super.lstat(this.spelled(path));
  }
  override readDir(path: string) {
    return super.readDir(this.spelled(path));
  }
  override readFile(path: string) {
    return super.readFile(this.spelled(path));
  }
  override writeFile(...[path, bytes, options]: Parameters<MemoryFs["writeFile"]>) {
    super.writeFile(this.spelled(path), bytes, options);
  }
  override rename(from: string, to: string) {
    super.rename(this.spelled(from), this.spelled(to));
  }
  override exchange(a: string, b: string) {
    return super.exchange(this.spelled(a), this.spelled(b));
  }
  override renameNew(from: string, to: string) {
    return super.renameNew(this.spelled(from), this.spelled(to));
  }
  override unlink(path: string) {
    return super.unlink(this.spelled(path));
  }
  override makeDir(path: string, mode?: number) {
    super.makeDir(this.spelled(path), mode);
  }
}
