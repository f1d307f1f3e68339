/** Text of `writeback list`: one tab-separated row per save, the header always. */
import type { WritebackRow } from "../../../commands/writeback/list.ts";
import type { Style } from "../style.ts";

interface ListDocument {
  readonly items: readonly WritebackRow[];
  readonly malformed: readonly { readonly file: string; readonly reason: string }[];
}

/** Renders rows and records that cannot be read. */
export default function view({ items, malformed }: ListDocument, style: Style): string {
  const rows = items.map(({ id, path, state, why, ts, provider }) =>
    [id, path, `${state} (${why})`, ts ?? "-", provider ?? "-"].join("\t"),
  );
  const damaged = malformed.map(({ file, reason }) => style.red(`${file}\tcannot be read\t${reason}`));
  return ["op_id\tpath\tstate\tts\tprovider", ...rows, ...damaged].join("\n");
}
