/** Counters and latencies of both services in OpenMetrics text. Labels hold routes, never ids of workspaces or paths. */

/** One finished request. */
export interface Observation {
  readonly service: "file-api" | "control-plane";
  readonly method: string;
  /** The pattern of the route, or `unknown`. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

/** Upper bounds of the latency buckets, ms. */
const BUCKETS_MS = [1, 5, 10, 50, 100, 500, 1_000, 5_000, 30_000] as const;

/** Content type of the exposition. */
export const METRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

interface Series {
  readonly labels: string;
  readonly buckets: number[];
  count: number;
  sumMs: number;
  readonly statuses: Map<number, number>;
}

/** Collects observations and renders them. */
export class Metrics {
  private readonly series = new Map<string, Series>();

  /** Counts one request. */
  observe(request: Observation): void {
    const labels = `service="${request.service}",method="${request.method}",route="${request.route}"`;
    let series = this.series.get(labels);
    if (series === undefined) {
      series = { labels, buckets: BUCKETS_MS.map(() => 0), count: 0, sumMs: 0, statuses: new Map() };
      this.series.set(labels, series);
    }
    series.count++;
    series.sumMs += request.ms;
    series.statuses.set(request.status, (series.statuses.get(request.status) ?? 0) + 1);
    for (const [index, bound] of BUCKETS_MS.entries()) {
      if (request.ms <= bound) series.buckets[index] = (series.buckets[index] ?? 0) + 1;
    }
  }

  /** Requests so far, and how many of them ended with 500 or above. */
  totals(): { requests: number; serverErrors: number } {
    let requests = 0;
    let serverErrors = 0;
    for (const { count, statuses } of this.series.values()) {
      requests += count;
      for (const [status, n] of statuses) if (status >= 500) serverErrors += n;
    }
    return { requests, serverErrors };
  }

  /** The exposition, series sorted by their labels. `gauges` are added as they are. */
  render(gauges: Readonly<Record<string, number>> = {}): string {
    const all = [...this.series.values()].sort((a, b) => (a.labels < b.labels ? -1 : 1));
    const lines = ["# TYPE relayfile_requests counter", "# HELP relayfile_requests Answered requests."];
    for (const { labels, statuses } of all) {
      for (const [status, n] of statuses)
        lines.push(`relayfile_requests_total{${labels},status="${status}"} ${n}`);
    }
    lines.push("# TYPE relayfile_request_seconds histogram", "# UNIT relayfile_request_seconds seconds");
    for (const { labels, buckets, count, sumMs } of all) {
      for (const [index, bound] of BUCKETS_MS.entries()) {
        lines.push(`relayfile_request_seconds_bucket{${labels},le="${bound / 1_000}"} ${buckets[index]}`);
      }
      lines.push(`relayfile_request_seconds_bucket{${labels},le="+Inf"} ${count}`);
      lines.push(`relayfile_request_seconds_sum{${labels}} ${sumMs / 1_000}`);
      lines.push(`relayfile_request_seconds_count{${labels}} ${count}`);
    }
    for (const [name, value] of Object.entries(gauges))
      lines.push(`# TYPE ${name} gauge`, `${name} ${value}`);
    return `${lines.join("\n")}\n# EOF\n`;
  }
}
