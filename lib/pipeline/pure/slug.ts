/** File name parts made from titles, states and ids. One slug function for every provider. */

import { FILE_API, PIPELINE } from "../../limits.ts";
import { utf8Length } from "../../model/path.ts";
import { sha256Hex } from "../../model/sha256.ts";
import type { BucketStyle } from "../../providers/definition.ts";

/**
 * Lower-case ASCII words joined by `-`, at most 80 characters, cut at a word boundary. Empty when nothing is left
 * (an emoji-only title).
 */
export function slugOf(title: string): string {
  const ascii = title
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase();
  const slug = trimDashes(ascii.replace(/[^a-z0-9]+/g, "-"));
  if (slug.length <= PIPELINE.slugCharsMax) return slug;
  const cut = slug.slice(0, PIPELINE.slugCharsMax);
  const boundary = cut.lastIndexOf("-");
  return trimDashes(boundary > 0 ? cut.slice(0, boundary) : cut);
}

/** The slug of an alias name: `untitled` when nothing is left. */
export function aliasSlugOf(title: string): string {
  return slugOf(title) || "untitled";
}

/** Workflow state names: spaces become `-`, a hyphen `%2D`, so that distinct states stay distinct. */
export function stateSlugOf(state: string): string {
  return encodeSegment(state.trim().toLowerCase().replace(/-/g, "\u0000").replace(/\s+/g, "-")).replace(
    /%00/g,
    "%2D",
  );
}

/** A bucket directory in the given style. */
export function bucketOf(value: string, style: BucketStyle): string {
  if (style === "slug") return aliasSlugOf(value);
  return style === "state" ? stateSlugOf(value) : encodeSegment(value);
}

/** First eight hex digits of the SHA-256 of an id: tells records apart whose slugs are equal. */
export function collisionSuffixOf(id: string): string {
  return sha256Hex(id).slice(0, 8);
}

/**
 * A value as one path segment: percent-encoded, never `.`, `..` or empty. Longer than a segment may be (with room for
 * a label and an extension), it is cut and gets a hash.
 */
export function encodeSegment(value: string): string {
  const encoded = encodeURIComponent(value.toWellFormed());
  if (encoded === "") return "%00";
  if (encoded === "." || encoded === "..") return encoded.replaceAll(".", "%2E");
  const limit = FILE_API.pathSegmentBytesMax - PIPELINE.slugCharsMax - "__.json".length;
  if (utf8Length(encoded) <= limit) return encoded;
  return `${encoded.slice(0, limit - 9).replace(/%.?$/, "")}-${collisionSuffixOf(value)}`;
}

function trimDashes(text: string): string {
  return text.replace(/^-+|-+$/g, "");
}
