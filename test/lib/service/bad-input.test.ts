/**
 * Everything bad that arrives, against the real service: nothing is lost, nothing is there twice, no row leads nowhere,
 * `sync/dead-letter` gives a typed reason, and replaying works (S14).
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { bunPorts } from "../../../lib/runtime/bun/ports.ts";
import {
  ALL_SCOPES,
  type Answer,
  api,
  type Call,
  type ContractTarget,
  cloud,
} from "../../contract/target.ts";
import { type TestStack, testStack } from "../../support/stack.ts";

const SECRET = "secret-of-the-hook";
const ROOT = "/github/repos/o/r/issues";
let stack: TestStack;
let target: ContractTarget;
let token: string;

beforeAll(async () => {
  const host = { ...bunPorts({ env: {} }).host, env: { RELAYFILE_GITHUB_WEBHOOK_SECRET: SECRET } };
  stack = await testStack({ portsWith: { host } });
  target = {
    ...stack,
    fetch: (request) => stack.fetch(request),
    token: (scopes, options) => stack.mint(scopes, options),
    cloud: () => stack.cloudSession(),
  };
  token = await stack.mint(ALL_SCOPES);
});
afterAll(() => stack.stop());

const issue = (number: number, title: string, updated = "2026-05-20T00:00:00Z", more = {}) => ({
  id: number,
  number,
  title,
  state: "open",
  html_url: `https://github.com/o/r/issues/${number}`,
  url: `https://api.github.com/repos/o/r/issues/${number}`,
  updated_at: updated,
  user: { login: "u" },
  ...more,
});

let serial = 0;
/** Delivers an event of the issue as GitHub does; every delivery has its own id unless the headers name one. */
function deliver(record: unknown, headers: Record<string, string> = {}, action = "edited", call: Call = {}) {
  const payload = {
    action,
    issue: record,
    repository: { id: 2, name: "r", full_name: "o/r", owner: { login: "o" } },
    sender: { login: "u" },
  };
  return cloud(target, "POST", `workspaces/${stack.workspaceId}/webhooks/github`, {
    token,
    body: payload,
    ...call,
    headers: { "X-GitHub-Event": "issues", "X-GitHub-Delivery": `bad-${++serial}`, ...headers },
  });
}

const records = (provider: string, model: string, batch: unknown[], more = {}) =>
  cloud(target, "POST", `workspaces/${stack.workspaceId}/records/${provider}`, {
    token,
    body: { model, records: batch, ...more },
  });

interface Letter {
  readonly envelopeId: string;
  readonly reason?: string;
  readonly lastError: string;
  readonly attemptCount: number;
}
const letters = async (): Promise<Letter[]> =>
  (await api(target, "GET", "sync/dead-letter", { token })).body.items;

/** Every record below `root` by its id: canonical files, index rows and aliases must tell the same. Returns file names by id. */
async function consistent(root: string): Promise<Map<string, string>> {
  const { tree } = await stack.workspace();
  const index = await tree.read(`${root}/_index.json`);
  const rows: { id: string; canonicalPath: string }[] =
    index === null ? [] : JSON.parse(new TextDecoder().decode(index.bytes));
  const files = (await tree.list(root, { limit: 1_000 })).map(({ path }) => path);
  const isAlias = (path: string) => path.slice(root.length).startsWith("/by-");
  const canonical = files.filter((path) => !isAlias(path) && path !== `${root}/_index.json`);
  expect(rows.map(({ canonicalPath }) => canonicalPath).toSorted()).toEqual(canonical.toSorted());
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  const known = new Set<string>();
  for (const path of canonical) known.add(new TextDecoder().decode((await tree.read(path))?.bytes));
  for (const path of files.filter(isAlias)) {
    expect([path, known.has(new TextDecoder().decode((await tree.read(path))?.bytes))]).toEqual([path, true]);
  }
  return new Map(rows.map(({ id, canonicalPath }) => [id, canonicalPath.slice(root.length + 1)]));
}

interface Case {
  readonly name: string;
  readonly run: () => Promise<Answer>;
  readonly answer: readonly [status: number, outcome: string | undefined];
  /** Reasons in the dead-letter list afterwards; most cases leave none. */
  readonly letters?: readonly string[];
  /** Names of the issues afterwards that are of this case, by number. */
  readonly issues?: Readonly<Record<string, string | undefined>>;
  /** What a replay of its dead letter leaves in the list. */
  readonly afterReplay?: readonly string[];
}

const hmac = (text: string, secret = SECRET) =>
  `sha256=${new Bun.CryptoHasher("sha256", secret).update(text).digest("hex")}`;
const big = "x".repeat(5 * 1024 * 1024);

const CASES: readonly Case[] = [
  {
    name: "a malformed webhook",
    run: () => deliver(null, {}, "", { raw: '{"action": "opened", ' }),
    answer: [400, undefined],
    letters: ["malformed_payload"],
    afterReplay: ["malformed_payload"],
  },
  {
    name: "a body that is no object",
    run: () => deliver(null, {}, "", { raw: "[1, 2]" }),
    answer: [200, "rejected"],
    letters: ["malformed_payload"],
  },
  {
    name: "a wrong signature",
    run: () =>
      deliver(issue(10, "Stranger"), { "X-Hub-Signature-256": hmac("{}", "guess") }, "opened", {
        token: null,
      }),
    answer: [401, undefined],
    issues: { 10: undefined },
  },
  {
    name: "the first of two equal deliveries",
    run: () => deliver(issue(11, "Once"), { "X-GitHub-Delivery": "same" }, "opened"),
    answer: [200, "applied"],
    issues: { 11: "11__once/meta.json" },
  },
  {
    name: "a replayed delivery",
    run: () => deliver(issue(11, "Twice"), { "X-GitHub-Delivery": "same" }, "opened"),
    answer: [200, "duplicate"],
    issues: { 11: "11__once/meta.json" },
  },
  {
    name: "an unknown event",
    run: () => deliver(issue(12, "Odd"), { "X-GitHub-Event": "rocket_launched" }),
    answer: [200, "not_applicable"],
    issues: { 12: undefined },
  },
  {
    name: "a webhook whose record has no id",
    run: () => deliver({ title: "Nobody" }),
    answer: [200, "rejected"],
    letters: ["record_without_id"],
    afterReplay: ["record_without_id"],
  },
  {
    name: "a batch with a record without id",
    run: () => records("github", "Issue", [issue(13, "Thirteen"), { title: "no number" }]),
    answer: [200, undefined],
    letters: ["record_without_id"],
    issues: { 13: "13__thirteen/meta.json" },
    afterReplay: ["record_without_id"],
  },
  {
    name: "a batch of another connection",
    run: () => records("github", "Issue", [issue(14, "Theirs")], { connectionId: "conn-of-others" }),
    answer: [409, undefined],
    issues: { 14: undefined },
  },
  {
    name: "a record of 5 MB",
    run: () => deliver(issue(15, "Large", undefined, { body: big }), {}, "opened"),
    answer: [200, "applied"],
    issues: { 15: "15__large/meta.json" },
  },
  {
    name: "a record of 9 MB",
    run: () =>
      deliver(issue(16, "Huge", undefined, { body: big + big.slice(0, 4 * 1024 * 1024) }), {}, "opened"),
    answer: [200, "rejected"],
    letters: ["record_too_large"],
    issues: { 16: undefined },
  },
  {
    name: "a title of emoji",
    run: () => deliver(issue(17, "🚀🔥"), {}, "opened"),
    answer: [200, "applied"],
    issues: { 17: "17/meta.json" },
  },
  {
    name: "a title of path separators",
    run: () => deliver(issue(18, "../../etc/passwd\\..\\x/"), {}, "opened"),
    answer: [200, "applied"],
    issues: { 18: "18__etc-passwd-x/meta.json" },
  },
  {
    name: "a record whose title collides with another's",
    run: () => deliver(issue(19, "Once!"), {}, "opened"),
    answer: [200, "applied"],
    issues: { 11: "11__once/meta.json", 19: "19__once/meta.json" },
  },
  {
    name: "a rename",
    run: () => deliver(issue(11, "Renamed", "2026-05-20T01:00:00Z")),
    answer: [200, "applied"],
    issues: { 11: "11__renamed/meta.json" },
  },
  {
    name: "an update that is older than what is stored",
    run: () => deliver(issue(11, "Earlier", "2026-05-20T00:30:00Z")),
    answer: [200, "stale"],
    issues: { 11: "11__renamed/meta.json" },
  },
  {
    name: "a delete of a record nobody knows",
    run: () => deliver(issue(404, "Never seen"), {}, "deleted"),
    answer: [200, "duplicate"],
    issues: { 404: undefined },
  },
  {
    name: "a delete",
    run: () => deliver(issue(19, "Once!", "2026-05-20T02:00:00Z"), {}, "deleted"),
    answer: [200, "applied"],
    issues: { 19: undefined },
  },
  {
    name: "an update that its record's deletion has overtaken",
    run: () => deliver(issue(19, "Back?", "2026-05-20T01:00:00Z")),
    answer: [200, "stale"],
    issues: { 19: undefined },
  },
];

describe("bad input", () => {
  for (const { name, run, answer, letters: expected = [], issues = {}, afterReplay } of CASES) {
    test(`${name} (S14)`, async () => {
      const got = await run();
      expect([got.status, got.body?.status]).toEqual([...answer]);
      const kept = await letters();
      expect(kept.map(({ reason }) => reason ?? "")).toEqual([...expected]);
      for (const { lastError, attemptCount } of kept) {
        expect(lastError).not.toBe("");
        expect(attemptCount).toBe(1);
      }
      const found = await consistent(ROOT);
      for (const [number, path] of Object.entries(issues))
        expect([number, found.get(number)]).toEqual([number, path]);
      for (const { envelopeId } of kept) {
        if (afterReplay !== undefined) {
          const replayed = await api(target, "POST", `sync/dead-letter/${envelopeId}/replay`, { token });
          expect(replayed.status).toBe(202);
          expect((await letters()).map(({ reason }) => reason ?? "")).toEqual([...afterReplay]);
        }
        const gone = await api(target, "POST", `sync/dead-letter/${envelopeId}/ack`, { token });
        expect(gone.status).toBe(200);
      }
      expect(await letters()).toEqual([]);
    }, 20_000);
  }

  test("two records that collide on their slug keep one file and one alias each, and the rest of the tree is whole", async () => {
    const pair = [
      { id: "501", key: "A", name: "Same name" },
      { id: "502", key: "B", name: "Same name" },
    ];
    expect((await records("jira", "Project", pair)).body).toMatchObject({ applied: 2, rejected: 0 });
    expect(await consistent("/jira/projects")).toEqual(
      new Map([
        ["501", "same-name__501.json"],
        ["502", "same-name__502.json"],
      ]),
    );
    const renamed = [{ id: "501", key: "A", name: "Other name" }];
    expect((await records("jira", "Project", renamed)).body).toMatchObject({ applied: 1 });
    expect((await consistent("/jira/projects")).get("501")).toBe("other-name__501.json");
    const gone = [{ id: "502", _nango_metadata: { last_action: "DELETED" } }];
    expect((await records("jira", "Project", gone)).body).toMatchObject({ deleted: 1 });
    expect([...(await consistent("/jira/projects")).keys()]).toEqual(["501"]);
  });

  test("a dead letter whose cause is gone is applied by its replay", async () => {
    const workspace = await stack.workspace();
    const { tree } = workspace;
    const path = `${ROOT}/21__obstacle`;
    const bytes = new TextEncoder().encode("a file where the record's directory must be");
    const by = { origin: "system", correlationId: "t" } as const;
    await tree.apply([{ kind: "write", path, bytes, contentType: "text/plain" }], by);
    const blocked = await deliver(issue(21, "Obstacle"), {}, "opened");
    expect(blocked.status).toBeGreaterThanOrEqual(400);
    const [letter] = await letters();
    expect(letter?.lastError).not.toBe("");
    await tree.apply([{ kind: "delete", path }], by);
    await api(target, "POST", `sync/dead-letter/${letter?.envelopeId}/replay`, { token });
    expect(await letters()).toEqual([]);
    expect((await consistent(ROOT)).get("21")).toBe("21__obstacle/meta.json");
  });

  test("signed deliveries of the same event at the same time apply once", async () => {
    const raw = JSON.stringify({
      action: "opened",
      issue: issue(22, "Together"),
      repository: { id: 2, name: "r", full_name: "o/r", owner: { login: "o" } },
    });
    const headers = { "X-Hub-Signature-256": hmac(raw), "X-GitHub-Delivery": "together" };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => deliver(null, headers, "", { raw, token: null })),
    );
    expect(answers.map(({ body }) => body.status).toSorted()).toEqual([
      "applied",
      ...Array(7).fill("duplicate"),
    ]);
    expect((await consistent(ROOT)).get("22")).toBe("22__together/meta.json");
  });
});
