import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { Observations, ObserveRequest, Sample } from "../../src/domain/metrics.ts";
import { jsonlMetrics } from "../../src/metrics/jsonl.ts";
import { errorRate, HOUR, latency, quality, START } from "../contracts/metrics-requests.ts";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function aFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(join(tmpdir(), "promptgate-metrics-"));
  folders.push(root);
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), contents);
  }
  return root;
}

export interface LineChanges {
  readonly [field: string]: unknown;
}

export function aLine(changes: LineChanges = {}): string {
  const line = {
    at: "2026-11-20T09:30:00Z",
    prompt: "desk",
    version: "1.0.0",
    scores: { quality: 0.5 },
    error: false,
  };
  return `${JSON.stringify({ ...line, ...changes })}\n`;
}

export const many = (count: number, changes: LineChanges = {}): string =>
  Array.from({ length: count }, () => aLine(changes)).join("");

export function observeIn(
  root: string,
  path = "log.jsonl",
  changes: Partial<ObserveRequest> = {},
): Promise<Observations> {
  const request = {
    prompt: "desk",
    versions: ["1.0.0", "2.0.0"],
    metrics: [quality, errorRate, latency],
    from: START,
    to: START + 3 * HOUR,
    bucketMs: HOUR,
  };
  return jsonlMetrics({ root, path }).observe({ ...request, ...changes }, new AbortController().signal);
}

export const observe = (
  log: string | Uint8Array,
  changes: Partial<ObserveRequest> = {},
): Promise<Observations> => observeIn(aFolder({ "log.jsonl": log }), "log.jsonl", changes);

export function hourOf({ observations }: Observations, metric: string, hour = 0): Sample | undefined {
  return observations.find((one) => one.metric === metric && one.bucket === START + hour * HOUR)?.sample;
}
