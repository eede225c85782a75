import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jsonlMetrics } from "../../src/metrics/jsonl.ts";
import { metricsContract } from "../contracts/metrics.contract.ts";

function aFolder(): { readonly root: string; readonly cleanup: () => Promise<void> } {
  const root = mkdtempSync(join(tmpdir(), "promptgate-metrics-"));
  return { root, cleanup: async () => rmSync(root, { recursive: true, force: true }) };
}

metricsContract("the log of served requests", {
  create: async (served) => {
    const { root, cleanup } = aFolder();
    writeFileSync(join(root, "log.jsonl"), served.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    return { source: jsonlMetrics({ root, path: "log.jsonl" }), cleanup };
  },
  unreachable: async () => {
    const { root, cleanup } = aFolder();
    return { source: jsonlMetrics({ root, path: "log.jsonl" }), cleanup };
  },
  withoutUnits: null,
});
