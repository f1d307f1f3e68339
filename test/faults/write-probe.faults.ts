/** Services and providers that mishandle the throwaway of `verify writeback --allow-write`: each step, gone wrong. */
import { faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";
import { type Mischief, refusal } from "./proxy.ts";

type Json = Record<string, unknown>;

const rule = (mischief: Mischief) => (bench: Bench) => void bench.proxy.rules.push(mischief);
const isFile = (url: URL) => url.pathname.endsWith("/fs/file");
const puts = (url: URL, request: Request) => isFile(url) && request.method === "PUT";
const draftReads = (url: URL, request: Request) =>
  isFile(url) &&
  request.method === "GET" &&
  /\/issue [0-9a-f-]{36}\.json$/.test(url.searchParams.get("path") ?? "");
const recordReads = (url: URL, request: Request) =>
  isFile(url) &&
  request.method === "GET" &&
  /__[0-9a-f-]{36}\.json$/.test(url.searchParams.get("path") ?? "");
const indexReads = (url: URL) => url.searchParams.get("path") === "/linear/issues/_index.json";
const isMarked = (row: Json) => JSON.stringify(row).includes("[relayfile writeback test ");
/** A file whose JSON content is changed; an error stays what it is. */
const content = (file: Json, change: (value: never) => unknown): Json =>
  typeof file.content === "string"
    ? { ...file, content: JSON.stringify(change(JSON.parse(file.content) as never)) }
    : file;
const opReads = (url: URL) => /\/ops\/[^/]+$/.test(url.pathname);

/** What an op that is followed says. */
const opSays = (change: Json) =>
  rule({ when: opReads, json: (op: Json) => ({ ...op, completedAt: undefined, ...change }) });

const provider = (times: number, status: number) => (bench: Bench) =>
  bench.stack.simulator.failNext("linear", times, { status, body: { errors: [{ message: "not today" }] } });

export default faultsOf(
  "write-probe",
  {
    ownStack: true,
    needs: ["file-api", "token", "workspace-reads", "ops"],
    ask: { what: "writeback", provider: "linear", args: { "allow-write": true } },
    never: ["doctor.workspace-token-rejected", "writeback.no-route"],
  },
  [
    {
      id: "write-answered-403",
      refs: ["VW-07"],
      inject: rule({
        when: puts,
        answer: () => refusal(403, "forbidden", "missing required scope: fs:write"),
      }),
      expect: { root: "writeback.write-forbidden", exit: 4 },
    },
    {
      id: "write-answered-422",
      refs: ["VW-07"],
      inject: rule({ when: puts, answer: () => refusal(422, "schema_violation", "title is required") }),
      expect: { root: "writeback.write-refused", exit: 1, also: ["writeback.precondition-answer-odd"] },
    },
    {
      id: "write-answered-503",
      refs: ["VW-07"],
      inject: rule({ when: puts, answer: () => refusal(503, "unavailable", "busy") }),
      expect: { root: "writeback.write-unanswered", exit: 3 },
      never: ["writeback.write-refused", "writeback.executor-down"],
    },
    {
      id: "write-answer-lacks-revision",
      refs: ["VW-07"],
      inject: rule({
        when: puts,
        json: ({ targetRevision: _left, ...body }: Json) => body,
      }),
      expect: { root: "writeback.write-answer-incomplete", exit: 1 },
    },
    {
      id: "stale-write-accepted",
      refs: ["VW-06"],
      inject: rule({
        when: puts,
        request: (headers) => {
          if (headers.has("if-match") && headers.get("if-match") !== "0") headers.set("if-match", "*");
        },
      }),
      expect: { root: "writeback.stale-write-accepted", exit: 0 },
    },
    {
      id: "executor-takes-nothing-up",
      refs: ["VW-11", "symptom:72"],
      leaps: true,
      inject: opSays({ status: "pending", attemptCount: 0 }),
      expect: { root: "writeback.executor-down", exit: 1 },
      never: ["writeback.probe-rejected", "writeback.write-slow"],
    },
    {
      id: "executor-tries-and-tries",
      refs: ["VW-08"],
      leaps: true,
      inject: opSays({ status: "pending", attemptCount: 2, lastError: "503" }),
      expect: { root: "writeback.write-slow", exit: 3 },
      never: ["writeback.executor-down"],
    },
    {
      id: "probe-finds-no-rule",
      refs: ["VW-09", "cloud#780"],
      inject: opSays({
        status: "failed",
        attemptCount: 0,
        lastError: "No linear writeback rule matched /linear/issues/x.json",
      }),
      expect: { root: "writeback.probe-unroutable", exit: 1 },
      never: ["writeback.probe-refused"],
    },
    {
      id: "probe-body-refused",
      refs: ["VW-10"],
      inject: opSays({ status: "failed", attemptCount: 0, lastError: "READ_ONLY_FIELD title" }),
      expect: { root: "writeback.probe-refused", exit: 1 },
      never: ["writeback.probe-unroutable"],
    },
    {
      id: "probe-rejected-by-provider",
      refs: ["VW-12"],
      inject: provider(1, 400),
      expect: { root: "writeback.probe-rejected", exit: 1 },
      never: ["writeback.probe-undelivered"],
    },
    {
      id: "probe-undelivered",
      refs: ["VW-12"],
      inject: provider(3, 503),
      expect: { root: "writeback.probe-undelivered", exit: 1 },
      never: ["writeback.probe-rejected"],
    },
    {
      id: "success-stayed-local",
      refs: ["VW-13"],
      inject: opSays({ providerResult: { local: true } }),
      expect: { root: "writeback.local-only", exit: 1 },
    },
    {
      id: "success-without-identity",
      refs: ["VW-26"],
      inject: (bench) => {
        opSays({ providerResult: {} })(bench);
        rule({
          when: draftReads,
          json: (file: Json) => ({
            ...file,
            content: JSON.stringify({ kind: "relayfile.receipt" }),
            encoding: "utf-8",
          }),
        })(bench);
      },
      expect: { root: "writeback.success-without-identity", exit: 1 },
    },
    {
      id: "draft-left-raw",
      refs: ["VW-18", "relayfile#242"],
      inject: rule({
        when: draftReads,
        json: (file: Json) => ({
          ...file,
          content: JSON.stringify({ title: "still the draft" }),
          encoding: "utf-8",
        }),
      }),
      expect: { root: "writeback.draft-left-raw", exit: 1, knownIssue: "relayfile#242" },
      never: ["writeback.draft-vanished"],
    },
    {
      id: "created-record-never-appears",
      refs: ["VW-17"],
      inject: rule({ when: recordReads, answer: () => refusal(404, "not_found", "no such file") }),
      expect: { root: "writeback.record-missing", exit: 1, also: ["writeback.receipt-points-nowhere"] },
    },
    {
      id: "record-lacks-what-was-written",
      refs: ["VW-13"],
      inject: rule({
        when: recordReads,
        json: (file: Json) => ({
          ...file,
          content: String(file.content).replaceAll(/\[relayfile writeback test [^\]]*\]/g, "something else"),
        }),
      }),
      expect: { root: "writeback.marker-missing", exit: 1 },
    },
    {
      id: "repeat-creates-a-second-record",
      refs: ["VW-20", "cloud#775"],
      inject: rule({
        when: indexReads,
        json: (file: Json) => content(file, (rows: Json[]) => [...rows, ...rows.filter(isMarked)]),
      }),
      expect: {
        root: "writeback.created-twice",
        exit: 1,
        also: ["writeback.record-remains"],
        knownIssue: "cloud#775",
      },
    },
    {
      id: "edit-not-visible",
      refs: ["VW-13"],
      inject: rule({
        when: recordReads,
        json: (file: Json) => ({ ...file, content: String(file.content).replaceAll("] edited", "]") }),
      }),
      expect: { root: "writeback.edit-not-visible", exit: 1 },
    },
    {
      id: "edit-shows-in-other-fields",
      refs: ["VW-13"],
      inject: rule({
        when: recordReads,
        json: (file: Json) =>
          content(file, (record: Json) => {
            const words = /\[relayfile writeback test [^\]]*\] edited/.exec(JSON.stringify(record))?.[0];
            const payload = record.payload as Json;
            return words === undefined ? record : { ...record, payload: { ...payload, subtitle: words } };
          }),
      }),
      expect: { root: "writeback.edit-spread", exit: 0 },
    },
    {
      id: "delete-refused",
      refs: ["VW-21"],
      inject: rule({
        when: (url, request) => isFile(url) && request.method === "DELETE",
        answer: () => refusal(422, "invalid", "not today"),
      }),
      expect: { root: "writeback.delete-failed", exit: 0, also: ["writeback.left-behind"] },
    },
    {
      id: "advertised-example-breaks-its-schema",
      refs: ["VW-03", "VD-14"],
      inject: rule({
        when: (url) => url.searchParams.get("path") === "/discovery/linear/issues/.create.example.json",
        json: (file: Json) => content(file, () => ({ title: 7 })),
      }),
      expect: { root: "writeback.example-invalid", exit: 1, also: ["writeback.probe-document-invalid"] },
    },
  ],
);
