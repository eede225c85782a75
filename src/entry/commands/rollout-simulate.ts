import { relative, resolve } from "node:path";
import { textDigest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { Tier } from "../../domain/tier.ts";
import { parseVersion } from "../../domain/version.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import { loadRequestLog, type RequestLog } from "../../metrics/jsonl.ts";
import { renderSimulation } from "../../report/rollout-simulation.ts";
import { simulate } from "../../rollout/simulate.ts";
import { declaredTier } from "../../gate/required-tier.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { parseDuration, parseTime } from "../rollout/parse-time.ts";
import { presentStrategy } from "../rollout/read-scene.ts";
import { openRollouts } from "../rollout/scope.ts";

export interface RolloutSimulateOptions extends CommonOptions {
  readonly prompt: string;
  readonly from: string;
  readonly candidate: string;
  readonly stable: string;
  readonly start: string;
  readonly every: string;
  readonly until?: string | undefined;
}

const DAY_MS = 86_400_000;
/** An empty log is watched until its first step is given up. */
const WITHOUT_REQUESTS_MS = 7 * DAY_MS;
const LEAST_EVERY_MS = 60_000;
const MOST_LOOKS = 100_000;

async function readLog(context: CommandContext, options: RolloutSimulateOptions): Promise<RequestLog> {
  const { prompt, candidate, stable, from } = options;
  const path = resolve(context.cwd, from);
  try {
    const versions = [candidate, stable];
    return await loadRequestLog({ path, root: context.cwd }, { prompt, versions }, context.signal);
  } catch (error) {
    if (!(error instanceof GateError) || error.code !== "METRICS_FAILED") throw error;
    const shown = visibleLine(relative(context.cwd, path), 400);
    const message = error.message.replaceAll("metrics.path: ", "").replace(path, shown);
    throw new GateError("FILE_UNREADABLE", `--from: ${message}`, {
      hint: "a log of served requests, one JSON object a line: see docs/metrics.md",
    });
  }
}

interface Times {
  readonly start: number;
  readonly everyMs: number;
  readonly until: number | null;
}

function timesOf({ start, every, until }: RolloutSimulateOptions): Times {
  const everyMs = parseDuration(every, "--every");
  if (everyMs < LEAST_EVERY_MS) throw new GateError("USAGE", "--every: expected at least 1m");
  const times = { start: parseTime(start, "--start"), everyMs };
  const end = until === undefined ? null : parseTime(until, "--until");
  if (end !== null && end < times.start) throw new GateError("USAGE", "--until is before --start");
  if (end !== null && (end - times.start) / everyMs > MOST_LOOKS)
    throw new GateError("USAGE", `that is more than ${MOST_LOOKS} looks`, { hint: "raise --every" });
  return { ...times, until: end };
}

/** The tier that the numbers declare; a log may name versions in any way. */
function tierOf(stable: string, candidate: string): Tier {
  const known = parseVersion(stable) !== null && parseVersion(candidate) !== null;
  return (known ? declaredTier(stable, candidate) : null) ?? "minor";
}

/** `rollout simulate`: what the configured strategy would have decided about a log. Reads one file, writes none. */
export async function runRolloutSimulate(
  context: CommandContext,
  options: RolloutSimulateOptions,
): Promise<ExitCode> {
  const { prompt, candidate, stable } = options;
  const { start, everyMs, until } = timesOf(options);
  if (candidate === stable) throw new GateError("USAGE", "--candidate and --stable are the same version");
  const scope = await openRollouts(context, options);
  const strategy = presentStrategy(scope, prompt, null);
  const log = await readLog(context, options);
  if (log.last === null) {
    context.log.warn(
      visibleLine(`no request of ${prompt} ${candidate} or ${stable} in ${options.from}`, 400),
    );
  }
  // Beyond the log nothing is seen, which would look like a source that stopped.
  const end =
    log.last === null ? start + WITHOUT_REQUESTS_MS : log.last + strategy.settleDelayMs + strategy.bucketMs;
  const tier = tierOf(stable, candidate);
  const simulation = simulate({
    prompt,
    strategy,
    candidate: {
      version: candidate,
      digest: textDigest(`${prompt}@${candidate}`),
      tier,
      minCanaryMs: scope.settings.policies[tier].canaryMinSoakMs,
    },
    stable: { version: stable, digest: textDigest(`${prompt}@${stable}`) },
    start,
    everyMs,
    until: until ?? Math.max(start, end),
    observe: (request) => log.observe(request),
  });
  context.print(options.json ? JSON.stringify(simulation, null, 2) : visible(renderSimulation(simulation)));
  return 0;
}
