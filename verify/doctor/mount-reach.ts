/** How much of the workspace a mirror holds and how soon it hears of changes: choices that look like faults. */
import { defineCheck, type FindingDraft, judged, type MountFact, page, plural, skip } from "../check.ts";

type Code = "doctor.mount-scoped" | "doctor.feed-polling";
type State = NonNullable<MountFact["state"]["value"]>;

/** Symptoms 66 and 70. */
export default defineCheck({
  id: "doctor.mount-reaches-all",
  title: "the mirror holds the whole workspace and hears of changes at once",
  severity: "info",
  phase: "local",
  needs: ["mount", "mountArea"],
  wants: ["access"],
  after: ["doctor.mount-state-valid"],
  refs: ["symptom:66", "symptom:70"],
  hint: "Nothing to repair: see what the mirror was asked to hold",
  findings: {
    "doctor.mount-scoped": page.info(
      "The mirror holds a part of the workspace only; files outside it are missing by choice.",
      "By remoteRoot or remotePaths in the state file, beside the entries of the workspace's root.",
      "Not a stale mirror.",
      "Mount that path too, if you need it.",
    ),
    "doctor.feed-polling": page.info(
      "The live feed does not connect, so the daemon polls: correct, only slower.",
      "By eventListener in the state file while reading works.",
      "Not a lost feed: polling reads the same events.",
      "Nothing; a proxy that refuses WebSockets is the usual reason.",
    ),
  },
  run: ({ mount, mountArea, access }) => {
    const state = mount.state.value;
    if (state === null) return skip("there is no state file");
    const subject = { kind: "mount", ref: mountArea.dir } as const;
    const evidence = [{ type: "file", path: ".relay/state.json" }] as const;
    const findings: FindingDraft<Code>[] = [];
    const scope = scopeOf(state);
    const outside =
      scope === null
        ? []
        : (access?.entries ?? []).filter((entry) => !scope.some((path) => touches(entry, path)));
    if (scope !== null && outside.length > 0) {
      const left = `${outside.slice(0, 4).join(", ")} ${outside.length === 1 ? "is" : "are"} left out`;
      const title = `${mountArea.dir} mirrors ${scope.join(", ")} only; ${left}`;
      findings.push({ code: "doctor.mount-scoped", title, subject, evidence, facts: { scope, outside } });
    }
    const { mode, status } = listenerOf(state);
    const reads = access?.probe.status === 200;
    if (mount.pid?.alive === true && reads && isDown(mode, status)) {
      findings.push({
        code: "doctor.feed-polling",
        title: `the live feed of ${mountArea.dir} is ${status}: the daemon polls`,
        subject,
        evidence,
        facts: { mode, status },
      });
    }
    const held = scope === null ? "everything" : plural(scope.length, "path");
    return judged(1, findings, `holds ${held}, feed ${status}`);
  },
});

/** Remote paths that the mirror holds; null for the whole workspace. */
function scopeOf(state: State): string[] | null {
  const listed = (state as { remotePaths?: unknown }).remotePaths;
  const paths = Array.isArray(listed) ? listed.map(String) : [];
  if (paths.length > 0 && !paths.includes("/")) return paths;
  const root = state.remoteRoot ?? "/";
  return root === "/" || root === "" ? null : [root];
}

function touches(entry: string, path: string): boolean {
  const [a, b] = [entry.replace(/\/$/, ""), path.replace(/\/$/, "")];
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

function listenerOf(state: State): { mode: string; status: string } {
  const listener = (state as { eventListener?: { mode?: unknown; status?: unknown } }).eventListener;
  return { mode: String(listener?.mode ?? "unknown"), status: String(listener?.status ?? "unknown") };
}

/** A feed that was switched off, or has not been tried, is no feed that fails. */
function isDown(mode: string, status: string): boolean {
  if (mode !== "poll" && mode !== "websocket") return false;
  return !/listening|connected|open|disabled|polling|unknown/i.test(status) || /disconnected/i.test(status);
}
