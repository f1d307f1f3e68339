/**
 * Every command, in the order help lists them. To add one: write `commands/<name>.ts` with a default export
 * `command({...})` (or `commands/<group>/mod.ts` with `group({...})`) and add one line to its section here. Each `load`
 * is one dynamic import, so a run pays only for the command it names.
 */
import type { LazyCommand } from "./_command.ts";

/** One heading of the help and what stands below it. */
export interface CommandSection {
  readonly title: string;
  readonly commands: Readonly<Record<string, LazyCommand>>;
}

const lazy = (
  description: string,
  load: () => Promise<{ default: Awaited<ReturnType<LazyCommand["load"]>> }>,
  options: Pick<LazyCommand, "aliases" | "hidden"> = {},
): LazyCommand => ({ description, ...options, load: async () => (await load()).default });

/** The sections of the help. */
export const SECTIONS: readonly CommandSection[] = [
  {
    title: "Start",
    commands: {
      demo: lazy(
        "A stack on this machine with three planted incidents, and their diagnosis",
        () => import("./demo.ts"),
      ),
      serve: lazy("Run the embedded file API and control plane on loopback", () => import("./serve.ts")),
      login: lazy("Sign in to the control plane", () => import("./login.ts")),
      logout: lazy("Sign out and remove every credential kept here", () => import("./logout.ts")),
      whoami: lazy("Show the identities in use and where they come from", () => import("./whoami.ts")),
    },
  },
  {
    title: "Workspaces",
    commands: {
      workspace: lazy("List, create, join and choose workspaces", () => import("./workspace/mod.ts"), {
        aliases: ["ws"],
      }),
      integration: lazy("Connect providers and see their state", () => import("./integration/mod.ts")),
      ingest: lazy("Deliver recorded provider webhooks to a workspace", () => import("./ingest.ts")),
      refresh: lazy("Write discovery files again, or read one provider again", () => import("./refresh.ts")),
    },
  },
  {
    title: "Mirror",
    commands: {
      mount: lazy("Mirror a workspace to a directory", () => import("./mount.ts"), { aliases: ["start"] }),
      unmount: lazy("Stop the daemon of a mirror; files stay", () => import("./unmount.ts"), {
        aliases: ["stop"],
      }),
      status: lazy("Say in one word how a mirror is doing, and why", () => import("./status.ts")),
      why: lazy("Tell what is known about one file of a mirror, and why", () => import("./why.ts")),
      conflicts: lazy("List files that changed on both sides, or settle one", () => import("./conflicts.ts")),
      logs: lazy("Print the end of the daemon's log", () => import("./logs.ts")),
    },
  },
  {
    title: "Files",
    commands: {
      tree: lazy("List what a workspace holds below a path", () => import("./tree.ts"), { aliases: ["ls"] }),
      cat: lazy("Print the content of a file", () => import("./cat.ts"), { aliases: ["read"] }),
      put: lazy("Write a file into a workspace", () => import("./put.ts")),
      rm: lazy("Delete a file of a workspace", () => import("./rm.ts")),
      export: lazy("Export a subtree as tar, JSON or patch", () => import("./export.ts")),
    },
  },
  {
    title: "Writebacks",
    commands: {
      writeback: lazy(
        "Look at local saves that did not arrive, and send them again",
        () => import("./writeback/mod.ts"),
      ),
      ops: lazy("Look at writeback ops and run them again", () => import("./ops/mod.ts")),
    },
  },
  {
    title: "Find the cause",
    commands: {
      doctor: lazy("Find out what is wrong, by reading only", () => import("./doctor.ts")),
      verify: lazy("Verify discovery, digests or writebacks", () => import("./verify.ts")),
      explain: lazy("Explain a code of a report, offline", () => import("./explain.ts")),
      report: lazy("Show and compare saved reports", () => import("./report.ts")),
    },
  },
  {
    title: "More",
    commands: {
      help: lazy("Explain a command or a topic", () => import("./help.ts")),
      completion: lazy("Print a completion script for a shell", () => import("./completion.ts")),
      schema: lazy("Print the JSON Schema of an output", () => import("./schema.ts")),
      skill: lazy("The guide for agents", () => import("./skill.ts")),
      version: lazy("Show the version", () => import("./version.ts")),
    },
  },
];

/** Every command by name. */
export const COMMANDS: Readonly<Record<string, LazyCommand>> = Object.assign(
  {},
  ...SECTIONS.map((section) => section.commands),
);
