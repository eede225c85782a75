import { afterEach } from "vitest";
import type { GateOptions } from "../../../src/entry/commands/gate.ts";
import { withCandidate, type Checkout } from "../gate-checkout.ts";
import type { BatchTiming } from "../../../src/entry/gate/batch-timing.ts";
import type { GateResult } from "../../../src/domain/gate-result.ts";
import { aProject, type ProjectShape, type TestProject } from "../../e2e/project.ts";
import { renderVerdict } from "../../loopback/judge-replies.ts";
import { startBatchServer, type BatchServer, type BatchServerOptions } from "../../loopback/batch-server.ts";
import type { SeenRequest } from "../../loopback/openai-server.ts";

/** Answers with the price of the context, and judges every output as supported. */
export function answer(body: SeenRequest["body"]): string {
  if (body.model.startsWith("grader")) return renderVerdict({ body } as SeenRequest, "supported");
  const text = body.messages.map(({ content }) => content).join("\n");
  return /costs \d+ euros/.exec(text)?.[0] ?? "I do not know";
}

const better = "Answer only from the context. Name the price.";

/** A clock that only sleeping moves, `speed` times as far. `onPause` is called before each pause. */
export function timed(made: Checkout, onPause: (pauses: number) => void = () => undefined, speed = 1) {
  let now = Date.UTC(2026, 10, 20);
  const pauses: number[] = [];
  const batchTiming: BatchTiming = {
    sleep: async (milliseconds, signal) => {
      onPause(pauses.length);
      signal.throwIfAborted();
      pauses.push(milliseconds);
      now += milliseconds * speed;
      await new Promise(setImmediate);
    },
    pollMs: 1_000,
    settleMs: 90_000,
  };
  Object.assign(made.context, { clock: { now: () => now } });
  return { batchTiming, pauses };
}

/** Gates in batches without the shared cache. */
export function gateInBatches(made: Checkout, options: Partial<GateOptions> = {}): Promise<number> {
  return made.gate({ cache: false, batch: true, ...timed(made), ...options });
}

/** The same with a clock that runs fast: hours go by in some dozens of looks. */
export function gateInAHurry(made: Checkout): Promise<number> {
  return made.gate({ cache: false, batch: true, ...timed(made, undefined, 100) });
}

export function usageOf(made: Checkout) {
  return made.printed().prompts[0]?.usage;
}

interface BatchGate {
  readonly server: BatchServer;
  readonly project: TestProject;
  readonly made: Checkout;
}

/** Makes projects against servers of their own, with a candidate to judge, and removes them after each test. */
export function batchGates() {
  const cleanups: (() => void | Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });
  let live: Promise<unknown> | undefined;
  const open = async (options: BatchServerOptions = {}, shape: ProjectShape = {}): Promise<BatchGate> => {
    const server = await startBatchServer({ answer, ...options });
    const project = aProject({ baseUrl: server.baseUrl, cases: 80, judged: true, ...shape });
    cleanups.push(
      () => project.remove(),
      () => server.close(),
    );
    return { server, project, made: await withCandidate(project, better) };
  };
  /** The verdict of live calls on the same question. */
  const liveVerdict = (): Promise<unknown> => {
    live ??= open().then(async ({ made }) => {
      await made.gate({ cache: false });
      return comparable(made.printed());
    });
    return live;
  };
  return { open, liveVerdict };
}

type Metric = GateResult["prompts"][number]["metrics"][number];

function withoutLatency(metrics: readonly Metric[]): readonly Metric[] {
  return metrics.filter(({ name }) => name !== "latency");
}

/** What of a result a batch must not change: everything but latencies, usage, and where the run lies. */
export function comparable({ verdict, prompts }: GateResult): unknown {
  return {
    verdict,
    prompts: prompts.map(({ metrics, cases, regressions, unscored, reasons, name }) => ({
      name,
      metrics: withoutLatency(metrics),
      cases,
      regressions,
      unscored,
      reasons,
    })),
  };
}
