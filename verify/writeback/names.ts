/** Names decide what a write means: drafts create, and what is no record never reaches a provider. */
import { classifyWrite } from "../../lib/pipeline/pure/classify.ts";
import { providerById, providerOfPath } from "../../lib/providers/registry.ts";
import {
  type DiscoveredResourceFact,
  defineCheck,
  type FindingDraft,
  judged,
  type OpsFact,
  page,
  plural,
  suggest,
} from "../check.ts";

type Op = OpsFact["items"][number];

/** Names that people, agents and older guides give to a new record. */
const DRAFT_NAMES = [
  "create request.json",
  "draft 00000000-0000-4000-8000-000000000000.json",
  "draft-20260520T080956Z.json",
  "draft-2026-05-20T08:09:56Z.json",
  "wb-1715608327.json",
  "factory-create-00000000-0000-4000-8000-000000000000.json",
];
const KEY_NAME = /\/[A-Z][A-Z0-9_]*-\d+\.json$/;
const PATHS_MAX = 60;

/** VW-01 and VW-25. */
export const draftsCreate = defineCheck({
  id: "writeback.drafts-create",
  title: "a draft name creates, and the name of a record that exists does not",
  severity: "error",
  phase: "writeback",
  needs: ["discovery"],
  wants: ["ops"],
  after: ["doctor.workspace-readable"],
  refs: ["VW-01", "VW-25"],
  hint: "Name drafts with a space: RESOURCE UUID.json",
  findings: {
    "writeback.create-unroutable": page.error(
      "The workspace advertises a create example for a collection in which a usual draft name does not create: it has no route, or is taken for the id of a record.",
      "Usual draft names were given to the classifier that the service uses.",
      "Not a record without a route: this is about new ones.",
      "Name the draft with a space and a UUID; report the collection and the name.",
    ),
    "writeback.draft-misrouted": page.error(
      "A draft was sent to the provider as an edit of a record with the draft's name, which does not exist: the deployment's id pattern is too loose.",
      "The op of a draft in a collection without parents was answered 404, which a create cannot be.",
      "Not a rejected create: that is a 400, 403 or 422. Not a missing parent: the collection has none.",
      "Write the document once more as RESOURCE UUID.json, with a space; report the collection.",
    ),
    "writeback.key-created": page.warn(
      "Somebody wrote to a file named by the key of a record, such as TEAM-123.json, to edit that record, and the deployment created a new one.",
      "The op of such a path succeeded and names a record.",
      "Not an edit: the canonical file carries the id as well.",
      "Find both records at the provider, move the change and remove the new one. Edit the file that canonicalPath names.",
    ),
  },
  run: ({ discovery, ops }) => {
    type Codes = "writeback.create-unroutable" | "writeback.draft-misrouted" | "writeback.key-created";
    const collections = discovery.providers.flatMap(({ provider, resources }) =>
      providerById(provider) === null
        ? []
        : resources
            .filter(({ placeholder, example }) => !placeholder && example !== null)
            .map((resource) => ({ provider, resource })),
    );
    const findings: FindingDraft<Codes>[] = collections.flatMap(({ provider, resource }) =>
      unroutable(provider, resource),
    );
    const sent = (ops?.items ?? []).filter(
      ({ action, path }) => action !== "file_delete" && path !== undefined,
    );
    for (const op of sent.filter(isMisrouted)) {
      findings.push({
        code: "writeback.draft-misrouted",
        confidence: "likely",
        title: `the draft ${op.path} was answered 404: it was taken for a record`,
        subject: { kind: "op", ref: op.opId },
        evidence: opProof(op),
        facts: { provider: op.provider ?? null, path: op.path ?? null, opIds: [op.opId], lastStatus: 404 },
        remedy: { text: "Look at the op", commands: [suggest(`relayfile ops show ${op.opId}`)] },
      });
    }
    for (const op of sent.filter(isKeyCreated)) {
      findings.push({
        code: "writeback.key-created",
        title: `${op.path} names a record that exists, and its write created ${namedBy(op)}`,
        subject: { kind: "op", ref: op.opId },
        evidence: opProof(op),
        facts: {
          provider: op.provider ?? null,
          path: op.path ?? null,
          opIds: [op.opId],
          created: namedBy(op),
        },
        remedy: { text: "Look at the op", commands: [suggest(`relayfile ops show ${op.opId}`)] },
      });
    }
    return judged(
      collections.length,
      findings,
      `${plural(DRAFT_NAMES.length, "draft name")} in ${plural(collections.length, "collection")} and ${plural(sent.length, "op")}`,
    );
  },
});

/** VW-22, VW-23 and VW-24. */
export const nonRecordsStay = defineCheck({
  id: "writeback.non-records-stay",
  title: "copies, indexes, temporary files and removed drafts reach no provider",
  severity: "error",
  phase: "writeback",
  needs: ["records", "ops"],
  after: ["doctor.workspace-readable", "doctor.scopes-suffice"],
  refs: ["VW-22", "VW-23", "VW-24"],
  hint: "Do not write to copies or indexes, and remove drafts by sweeping",
  findings: {
    "writeback.reserved-name-sent": page.error(
      "A write to a copy of a record, an index or a temporary file was sent to a provider: the deployment takes the name for a new record, or for the id of one.",
      "An op of such a path was attempted, or the classifier has a route for it.",
      "Not a write that was refused unsent: that is what should happen.",
      "Look at the provider for a record of that name and remove it; report the path.",
    ),
    "writeback.draft-delete-sent": page.error(
      "Removing a draft or a receipt was sent to a provider as the deletion of a record: a careless clean-up may have deleted something real.",
      "An op of a deletion whose path names no record was attempted at the provider.",
      "Not the deletion of a canonical record, where one is declared. Not a deletion that was kept here: its result says local.",
      "Look at the provider at once; sweep drafts with a dry run of writeback/sweep-drafts instead.",
    ),
  },
  run: ({ records, ops }) => {
    const reserved = records.providers.flatMap(({ provider, files, indexes }) =>
      providerById(provider) === null ? [] : reservedPaths(files, indexes),
    );
    const routed = reserved.filter((path) => classifyWrite(path, "write").kind !== "none");
    const sent = ops.items.filter(wasSent);
    type Codes = "writeback.reserved-name-sent" | "writeback.draft-delete-sent";
    const findings: FindingDraft<Codes>[] = routed.slice(0, 5).map((path) => ({
      code: "writeback.reserved-name-sent",
      title: `${path} is no record and has a route all the same`,
      subject: { kind: "path", ref: path },
      evidence: [{ type: "log", line: `the classifier routes ${path}` }],
      facts: { provider: path.split("/")[1] ?? null, path },
    }));
    for (const op of sent) {
      const deletes = op.action === "file_delete";
      const route = classifyWrite(op.path ?? "", deletes ? "delete" : "write");
      if (route.kind !== "none" || route.provider === null) continue;
      const isReserved = route.reason === "alias" || (route.reason === "reserved_name" && !isKeyCreated(op));
      if (!isReserved && !(deletes && route.reason === "no_rule")) continue;
      const shared = {
        subject: { kind: "op", ref: op.opId } as const,
        evidence: opProof(op),
        facts: { provider: route.provider, path: op.path ?? null, opIds: [op.opId], status: op.status },
        remedy: { text: "Look at the op", commands: [suggest(`relayfile ops show ${op.opId}`)] },
      };
      findings.push(
        deletes
          ? {
              ...shared,
              code: "writeback.draft-delete-sent",
              title: `removing ${op.path} was sent to ${route.provider}`,
            }
          : {
              ...shared,
              code: "writeback.reserved-name-sent",
              title: `a write to ${op.path} was sent to ${route.provider}`,
            },
      );
    }
    return judged(
      reserved.length + sent.length,
      findings,
      `${plural(reserved.length, "path")} classified, ${plural(sent.length, "op")} looked at`,
    );
  },
});

function unroutable(
  provider: string,
  { path, example, schema }: DiscoveredResourceFact,
): FindingDraft<"writeback.create-unroutable">[] {
  const lost = DRAFT_NAMES.flatMap((name) => {
    const route = classifyWrite(`${path}/${name}`, "write");
    return route.kind === "create" ? [] : [{ name, route }];
  });
  const [first] = lost;
  if (first === undefined) return [];
  const { name, route } = first;
  const why = route.kind === "none" ? route.message : `it is taken for the id of a record (${route.kind})`;
  // A deployment that is newer than this program may route more collections than its registry knows.
  const unheard = route.kind === "none" && route.reason === "no_rule";
  return [
    {
      code: "writeback.create-unroutable",
      severity: unheard ? "warn" : "error",
      title: `${path}: ${JSON.stringify(name)} does not create: ${why}`,
      subject: { kind: "resource", ref: path },
      evidence: [{ type: "file", path: example?.path ?? schema.path, revision: example?.revision ?? null }],
      facts: { provider, resource: path, names: lost.map((one) => one.name) },
    },
  ];
}

/** A draft of a collection without parents that the provider answered with 404. */
function isMisrouted(op: Op): boolean {
  if (op.status !== "dead_lettered" && op.status !== "failed") return false;
  const route = classifyWrite(op.path ?? "", "write");
  const answered = op.lastStatus ?? Number(/\b(404)\b/.exec(op.lastError ?? "")?.[1] ?? 0);
  return (
    route.kind === "create" &&
    Object.keys(route.params).length === 0 &&
    answered === 404 &&
    op.attemptCount > 0
  );
}

/** A write to the key of a record that succeeded and made something. */
function isKeyCreated(op: Op): boolean {
  const path = op.path ?? "";
  if (op.status !== "succeeded" || !KEY_NAME.test(path) || isLocal(op) || namedBy(op) === null) return false;
  return classifyWrite(path, "write").kind === "none" && providerOfPath(path) !== null;
}

function namedBy(op: Op): string | null {
  const { canonicalPath, externalId } = op.providerResult ?? {};
  const told = canonicalPath ?? externalId;
  return typeof told === "string" && told !== op.path ? told : null;
}

function isLocal(op: Op): boolean {
  return op.providerResult?.local === true;
}

/** True for an op that was tried at a provider; one that was kept here says so. */
function wasSent(op: Op): boolean {
  return op.attemptCount > 0 && !isLocal(op) && op.path !== undefined;
}

/** Copies and indexes of a listing, and the temporary names an editor would leave in its collections. */
function reservedPaths(
  files: readonly { readonly path: string }[],
  indexes: readonly { readonly path: string }[],
): string[] {
  const copies = files.flatMap(({ path }) => (/\/by-[^/]+\/.*\.json$/.test(path) ? [path] : []));
  const temporary = indexes.flatMap(({ path }) =>
    ["save.tmp.json", "save.partial.json"].map((name) => path.replace(/_index\.json$/, name)),
  );
  return [...copies.slice(0, PATHS_MAX), ...indexes.map(({ path }) => path), ...temporary];
}

function opProof(op: Op) {
  return [
    {
      type: "http" as const,
      exchangeId: op.exchangeId,
      quote: `${op.opId} ${op.status}, ${plural(op.attemptCount, "attempt")}, ${op.path}`,
    },
    ...(op.lastError == null ? [] : [{ type: "log" as const, line: op.lastError.slice(0, 200) }]),
  ];
}
