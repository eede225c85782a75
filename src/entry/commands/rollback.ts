import { suggestion } from "../../config/known-keys.ts";
import { GateError } from "../../domain/errors.ts";
import type { PromptVersion, Registry } from "../../domain/registry.ts";
import { isPromptName } from "../../domain/registry.ts";
import type { Store } from "../../domain/store.ts";
import { parseVersion } from "../../domain/version.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { tellEventsAfter } from "../events/tell-events.ts";
import { endRollout } from "../promotion/end-rollout.ts";
import { faultOf, rollBack, type RollbackStep } from "../promotion/rollback-steps.ts";
import { rollbackTarget, takenFrom, targetFault } from "../promotion/rollback-target.ts";
import { readRollbackView, type RollbackSight } from "../promotion/rollback-view.ts";
import { authorOf } from "../registry/author.ts";
import { alignedLines } from "../registry/lines.ts";
import { loadSettingsFrom, openRegistryOf, openStoreOf } from "../wire.ts";

export interface RollbackOptions extends CommonOptions {
  readonly prompt: string;
  readonly to?: string | undefined;
  readonly reason: string;
}

interface Surroundings {
  readonly registry: Registry;
  readonly store: Store | null;
  readonly storeFault: string | null;
  readonly prompt: string;
}

async function surroundingsOf(context: CommandContext, options: RollbackOptions): Promise<Surroundings> {
  const settings = await loadSettingsFrom(context, options);
  const registry = openRegistryOf(settings, context);
  const { prompt } = options;
  if (!isPromptName(prompt)) throw new GateError("USAGE", `"${visibleLine(prompt)}" cannot name a prompt`);
  const { items } = await registry.listVersions(prompt, { limit: 1 });
  if (items.length === 0) {
    const near = visibleLine(suggestion(prompt, settings.prompts));
    throw new GateError("USAGE", `nothing of the prompt "${visibleLine(prompt)}" was ever published${near}`, {
      hint: "promptgate status lists what there is",
    });
  }
  try {
    return { registry, prompt, store: openStoreOf(settings, context), storeFault: null };
  } catch (error) {
    return { registry, prompt, store: null, storeFault: faultOf(error) };
  }
}

interface Chosen {
  readonly to: PromptVersion;
  readonly from: string | null;
  readonly because: string;
}

async function readTarget({ registry, prompt }: Surroundings, version: string): Promise<PromptVersion> {
  const found = await registry.readVersion(prompt, { kind: "version", version });
  if (found !== null) return found;
  throw new GateError("VERSION_NOT_FOUND", `${prompt}@${version} is not in the registry`, {
    hint: `promptgate history ${prompt} lists what was in production`,
  });
}

async function chooseNamed(surroundings: Surroundings, sight: RollbackSight, to: string): Promise<Chosen> {
  if (parseVersion(to) === null) {
    throw new GateError("USAGE", `"${visibleLine(to, 60)}" is no version MAJOR.MINOR.PATCH`);
  }
  const version = await readTarget(surroundings, to);
  const { view, historyFault } = sight;
  const fault = targetFault(view, to, historyFault === null);
  if (fault !== null) {
    throw new GateError("USAGE", `${fault}: going there would be a promotion`, {
      hint: `promptgate promote ${surroundings.prompt}@${to} --to production checks its evidence`,
    });
  }
  return { to: version, from: takenFrom(view, to), because: "as asked" };
}

async function choose(
  surroundings: Surroundings,
  sight: RollbackSight,
  to: string | undefined,
): Promise<Chosen> {
  if (to !== undefined) return chooseNamed(surroundings, sight, to);
  const found = rollbackTarget(sight.view);
  if (found.kind === "target") {
    return { to: await readTarget(surroundings, found.to), from: found.from, because: found.because };
  }
  // Not knowing is another thing than there being nothing.
  if (sight.historyFault !== null) throw sight.historyFault;
  throw new GateError("USAGE", `no version is known to go back to: ${found.reason}`, {
    hint: "name one that was in production before with --to VERSION; a rollout that has not left staging ends with promptgate rollout abort",
  });
}

function render(
  { to, because }: Chosen,
  prompt: string,
  outcome: { readonly steps: readonly RollbackStep[]; readonly notes: readonly string[] },
): string {
  const failed = outcome.steps.filter(({ kind }) => kind === "failed");
  const [traffic, production] = outcome.steps;
  const isBack = traffic?.kind === "left" ? production?.kind !== "failed" : traffic?.kind !== "failed";
  const words = { done: "done", unchanged: "ok", left: "-", failed: "FAILED" } as const;
  const rows = outcome.steps.map(({ kind, step, text }) => [words[kind], step, text]);
  const remedies = outcome.steps.flatMap((step) =>
    step.kind === "failed" ? [`${step.step}: ${step.remedy}`] : [],
  );
  return [
    isBack
      ? `${prompt} is back on ${to.version}: ${because}`
      : `${prompt} could NOT be brought back to ${to.version}`,
    ...alignedLines(rows).map((line) => `  ${line}`),
    ...outcome.notes.map((note) => `note: could not be read: ${note}`),
    ...(failed.length === 0 ? [] : remedies.map((remedy) => `to do: ${remedy}`)),
  ].join("\n");
}

/** At night nobody should have to set git's user first. */
async function whoActs(context: CommandContext): Promise<string> {
  return authorOf(context, undefined).catch(() => "unknown");
}

/** `rollback`: traffic back to the last known good version, whatever else is broken. */
export async function runRollback(context: CommandContext, options: RollbackOptions): Promise<ExitCode> {
  const reason = visibleLine(options.reason, 1000);
  if (reason === "") {
    throw new GateError("USAGE", "a rollback needs a reason", { hint: '--reason "what people saw"' });
  }
  const surroundings = await surroundingsOf(context, options);
  const { prompt } = surroundings;
  const sight = await readRollbackView(surroundings, options.to !== undefined);
  const chosen = await choose(surroundings, sight, options.to);
  const at = new Date(context.clock.now()).toISOString();
  const by = await whoActs(context);
  const order = { ...surroundings, to: chosen.to, from: chosen.from, by, reason, at };
  const steps = await rollBack(order, endRollout, ({ step, text }) => {
    // What matters at night is known before the rest is written.
    if (step === "traffic") context.log.info(`traffic: ${visibleLine(text, 400)}`);
  });
  const exitCode: ExitCode = steps.some(({ kind }) => kind === "failed") ? 4 : 0;
  if (options.json) {
    const target = { to: chosen.to.version, from: chosen.from, because: chosen.because };
    const document = { schema: "promptgate/rollback@1", prompt, ...target, at, by, reason, steps };
    context.print(JSON.stringify({ ...document, unread: sight.notes, exitCode }, null, 2));
  } else {
    context.print(visible(render(chosen, prompt, { steps, notes: sight.notes })));
  }
  // Of a ledger that does not answer there is nothing to tell; the next look at a rollout does.
  if (steps.at(-1)?.kind === "done") await tellEventsAfter(context, options);
  return exitCode;
}
