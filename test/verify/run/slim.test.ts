import { describe, expect, test } from "bun:test";
import { Report } from "../../../verify/report.ts";
import { slimReport } from "../../../verify/run/slim.ts";
import { reportRig } from "../../support/report-rig.ts";
import { runCli } from "../../support/run-cli.ts";

describe("slimReport()", () => {
  test("makes a healthy report smaller, keeps every curl line, and stays a report", async () => {
    await using rig = await reportRig({ providers: ["linear"] });
    const words = `doctor --json --file-api ${rig.stack.fileApiUrl} --control-plane ${rig.stack.controlPlaneUrl}`;
    const slim = await runCli(words, rig.ports);
    const whole = await runCli(`${words} -v`, rig.ports);
    expect(slim.stdout.length).toBeLessThan(whole.stdout.length * 0.85);
    const [short, full] = [Report.parse(slim.document), Report.parse(whole.document)];
    expect(short.exchanges).toHaveLength(full.exchanges.length);
    expect(short.exchanges.every(({ repro }) => repro.curl.startsWith("curl "))).toBe(true);
    expect(short.truncated.at(-1)).toMatchObject({ kept: 0, dropped: short.exchanges.length });
    expect(full.exchanges.every(({ repro }) => repro.argv[0] === "curl")).toBe(true);
  });

  test("keeps all of what is cited, refused, failed or repeated", async () => {
    await using rig = await reportRig();
    const report = await rig.doctor();
    const [first, second, ...rest] = report.exchanges;
    if (first === undefined || second === undefined) throw new TypeError("no exchanges");
    const made = {
      ...report,
      truncated: [],
      exchanges: [
        { ...first, repro: { ...first.repro, argv: ["curl"] }, attempt: 2 },
        { ...second, repro: { ...second.repro, argv: ["curl"] } },
        ...rest,
      ],
    };
    const slim = slimReport(made);
    expect(slim.exchanges[0]?.repro.argv).toEqual(["curl"]);
    expect(slim.exchanges[1]?.repro.argv).toEqual([]);
    expect(slimReport({ ...made, exchanges: [] }).truncated).toEqual([]);
  });
});
