/**
 * Long names. A component over 220 bytes is shortened locally in a way that is stable, unique and reversible through
 * the index (spec mount-daemon 2.13).
 */
import { MOUNT } from "../limits.ts";
import { utf8Length } from "../model/path.ts";
import type { RelativeRemotePath } from "./remote-path.ts";

/** SHA-256 of a text or bytes as lower-case hex. Hashing is handed in because engines do it natively. */
export type Sha256 = (input: string | Uint8Array) => string;

const EXTENSION_BYTES_MAX = 32;

/** One component as it is named locally: unchanged up to 220 bytes, else `<prefix>~rf-<32 hex><ext>` of at most 220. */
export function localComponent(component: string, sha256: Sha256): string {
  if (utf8Length(component) <= MOUNT.basenameBytesMax) return component;
  const dot = component.lastIndexOf(".");
  const candidate = dot > 0 ? component.slice(dot) : "";
  const extension = utf8Length(candidate) <= EXTENSION_BYTES_MAX ? candidate : "";
  const tail = `~rf-${sha256(component).slice(0, 32)}${extension}`;
  const room = MOUNT.basenameBytesMax - utf8Length(tail);
  return cutUtf8(component.slice(0, component.length - extension.length), room) + tail;
}

/** The local relative path of a remote one. Identical for paths without long components. */
export function localRelOf(rel: RelativeRemotePath, sha256: Sha256): RelativeRemotePath {
  if (utf8Length(rel) <= MOUNT.basenameBytesMax) return rel;
  return rel
    .split("/")
    .map((part) => localComponent(part, sha256))
    .join("/") as RelativeRemotePath;
}

/** True when a local component has the shape of a shortened name. Only the index knows whether it is one. */
export function looksShortened(component: string): boolean {
  return /~rf-[0-9a-f]{32}(\.[^/]*)?$/.test(component);
}

/** The longest prefix of at most `bytes` UTF-8 bytes that does not cut a character. */
function cutUtf8(text: string, bytes: number): string {
  let size = 0;
  let end = 0;
  for (const char of text) {
    size += utf8Length(char);
    if (size > bytes) break;
    end += char.length;
  }
  return text.slice(0, end);
}
