import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Observations, ObserveRequest } from "../../src/domain/metrics.ts";
import { jsonlMetrics } from "../../src/metrics/jsonl.ts";
import { bucket, isCanary } from "../../src/rollout/bucketing.ts";
import { simulate, type Simulation } from "../../src/rollout/simulate.ts";
import { seededRandom } from "../../src/stats/random.ts";
import { aMetric, aStep, aStrategy, CANDIDATE, DAY, HOUR, STABLE, START } from "./world.ts";

// People who come back all the time, a few of them far more often than the others, served as the client would serve them.

const HOURS = 52;
const PER_HOUR = 250;
const PEOPLE = 700;
const CACHE = 5 * 60_000;
/** The canary step begins when staging has lasted its hour. */
const CANARY = START + HOUR;
const WEIGHT = 20_000;

const strategy = aStrategy({
  settleDelayMs: 0,
  onSampleRatio: "rollback",
  steps: [
    aStep({ name: "staging", weight: 0, minSoakMs: HOUR, maxSoakMs: null, minSample: 1 }),
    aStep({ name: "canary", weight: WEIGHT, minSoakMs: 10 * DAY, maxSoakMs: null }),
    aStep({ name: "full", weight: 100_000, holdback: 5000 }),
  ],
  metrics: [
    aMetric(),
    aMetric({ name: "error_rate", kind: "proportion", direction: "down", action: "warn" }),
  ],
});

interface Served {
  /** Of the units that should get the candidate, the share whose lines are lost. */
  readonly lost: number;
}

function servedLines({ lost }: Served): string {
  const random = seededRandom(11);
  const lines: string[] = [];
  for (let index = 0; index < HOURS * PER_HOUR; index += 1) {
    const at = START + ((index + random()) * HOUR) / PER_HOUR;
    // Half of all requests come from a tenth of the people; one in twenty is somebody who never came before.
    const unit = random() < 0.05 ? `new-${index}` : `user-${Math.floor(PEOPLE * random() ** 3)}`;
    const isTried = at >= CANARY + CACHE && isCanary(bucket("desk.r1", unit), WEIGHT);
    const isStaged = at < CANARY && random() < 0.5;
    const version = isTried || isStaged ? CANDIDATE.version : STABLE.version;
    const scores = { quality: 0.8 + 0.2 * (random() - 0.5) };
    if (isTried && bucket("lost", unit) < lost * 100_000) continue;
    lines.push(
      JSON.stringify({ at: new Date(at).toISOString(), prompt: "desk", version, unit, scores, error: false }),
    );
  }
  return lines.join("\n");
}

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "promptgate-units-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const EVERY = 6 * HOUR;

/** Replays the log: what a look asks of the source is read first, as many times as there are looks. */
async function replay(served: Served): Promise<Simulation> {
  writeFileSync(join(folder, "served.jsonl"), servedLines(served));
  const source = jsonlMetrics({ root: folder, path: "served.jsonl" });
  const answers = new Map<string, Observations>();
  let wanted: ObserveRequest | null = null;
  for (;;) {
    const run = simulate({
      prompt: "desk",
      strategy,
      candidate: CANDIDATE,
      stable: STABLE,
      start: START,
      everyMs: HOUR,
      until: START + HOURS * HOUR,
      observe: (request) => {
        const { from, to } = request;
        // Between two of the looks that read the log nothing new is seen.
        const seen = from + Math.max(HOUR, Math.floor((to - from) / EVERY) * EVERY);
        const key = `${from} ${Math.min(seen, to)}`;
        const answer = answers.get(key);
        if (answer !== undefined) return answer;
        wanted ??= { ...request, to: Math.min(seen, to) };
        return { basis: "unit", observations: [], assignments: [], errors: [] };
      },
    });
    if (wanted === null) return run;
    const { from, to }: ObserveRequest = wanted;
    answers.set(`${from} ${to}`, await source.observe(wanted, new AbortController().signal));
    wanted = null;
  }
}

describe("people who come back", () => {
  it("raise no alarm about shares within 48 hours", async () => {
    const { decisions, final } = await replay({ lost: 0 });
    expect(decisions).toHaveLength(HOURS + 1);
    expect(decisions.filter(({ action }) => action === "advance").map(({ step }) => step)).toEqual([
      "staging",
      "canary",
    ]);
    expect(final).toEqual({ phase: "canary", step: "canary", weight: WEIGHT });
    expect(decisions.at(-1)?.metrics[0]).toMatchObject({ verdict: "non_inferior" });
  }, 60_000);

  it("raise one when lines of a third of the candidate's are lost", async () => {
    const { decisions, final } = await replay({ lost: 0.35 });
    expect(decisions.at(-1)).toMatchObject({ action: "rollback", reason: "sample_ratio" });
    expect(final.phase).toBe("rolled-back");
  }, 60_000);
});
