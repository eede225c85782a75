import type { PrometheusSettings } from "../../src/domain/metrics.ts";

function byVersion(counter: string): string {
  return `sum by (version) (increase(${counter}_total{prompt="{{prompt}}",version=~"{{versions}}"}[{{bucket}}]))`;
}

function moments(name: string): PrometheusSettings["queries"][string]["read"] {
  const [n, sum, sumOfSquares] = ["count", "sum", "squares"].map((part) => byVersion(`${name}_${part}`));
  return { kind: "sums", n: n ?? "", sum: sum ?? "", sumOfSquares: sumOfSquares ?? "" };
}

/** Queries over the counters of the test application. */
export function prometheusSettings(
  url: string,
  changes: Partial<PrometheusSettings> = {},
): PrometheusSettings {
  return {
    source: "prometheus",
    url,
    headers: {},
    timeoutMs: 20_000,
    versionLabel: "version",
    assignments: byVersion("served"),
    queries: {
      quality: { transform: "none", read: moments("quality") },
      latency: { transform: "ln", read: moments("latency_ln") },
      error_rate: {
        transform: "none",
        read: { kind: "proportion", n: byVersion("answered"), errors: byVersion("failed") },
      },
    },
    ...changes,
  };
}
