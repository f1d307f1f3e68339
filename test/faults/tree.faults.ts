/** Trees that look wrong and are not: a provider without backfill, an older layout, placeholders, a listing of many pages. */
import type { TreeChange } from "../../lib/ports.ts";
import { faultsOf } from "./fault.ts";

const remove = (path: string): TreeChange => ({ kind: "delete", path });

export default faultsOf(
  "discovery",
  { ownStack: true, needs: ["file-api", "token", "workspace-reads"], never: ["discovery.tree-empty"] },
  [
    {
      id: "provider-without-backfill",
      refs: ["symptom:48"],
      inject: async (bench) => {
        const records = (await bench.list("/linear")).filter(
          (path) => !/\/(?:LAYOUT\.md|_index\.json)$/.test(path),
        );
        const indexes = (await bench.list("/linear")).filter((path) => path.endsWith("/_index.json"));
        const empty = indexes.map(
          (path): TreeChange => ({
            kind: "write",
            path,
            bytes: new TextEncoder().encode("[]\n"),
            contentType: "application/json",
          }),
        );
        await bench.emit(...records.map(remove), ...empty);
      },
      expect: { root: null, notes: ["discovery.no-backfill"], exit: 0 },
      never: ["discovery.tree-empty", "discovery.row-alias-mismatch"],
    },
    {
      id: "templates-of-an-older-layout",
      refs: ["symptom:54", "DR-29"],
      inject: (bench) =>
        bench.emit({
          kind: "write",
          path: "/linear/issues/new.json",
          bytes: new TextEncoder().encode("{}\n"),
          contentType: "application/json",
        }),
      expect: { root: null, notes: ["discovery.mid-migration"], exit: 0 },
    },
    {
      id: "comments-of-placeholder-paths",
      refs: ["symptom:53"],
      shape: "may2026",
      ownStack: false,
      ask: {
        what: "discovery",
        provider: "jira",
        refresh: false,
        args: { only: ["discovery.placeholders-understood"] },
      },
      inject: () => {},
      expect: { root: null, notes: ["discovery.placeholder-by-design"], exit: 0 },
      never: ["discovery.empty-schema"],
    },
    {
      id: "listing-of-many-pages",
      refs: ["symptom:69"],
      ownStack: false,
      inject: (bench) =>
        void bench.proxy.rules.push({
          when: (url) => url.pathname.endsWith("/fs/tree") && url.searchParams.get("path") === "/linear",
          json: (body: Record<string, unknown>) => ({ ...body, nextCursor: "page-after-page" }),
        }),
      expect: { root: null, notes: ["doctor.listing-truncated"], exit: 0 },
      never: ["discovery.index-ghost-row"],
    },
  ],
);
