import { suggestion } from "../../config/known-keys.ts";
import { GateError } from "../../domain/errors.ts";
import type { LedgerEntry } from "../../domain/ledger.ts";
import type { LabelMove, PromptVersion, Registry } from "../../domain/registry.ts";
import { isPromptName } from "../../domain/registry.ts";
import type { Store } from "../../domain/store.ts";
import { parseVersion } from "../../domain/version.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { endRollout } from "../promotion/end-rollout.ts";
import { readRollout, type ReadRollout } from "../promotion/read-rollout.ts";
import { faultOf, rollBack, type RollbackStep } from "../promotion/rollback-steps.ts";
import { rollbackTarget, targetFault, type RollbackView } from "../promotion/rollback-target.ts";
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

/** What could be read; what could not is said and decides nothing. */
interface Sight {
  readonly view: RollbackView;
  readonly notes: readonly string[];
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

/** Traffic must not wait for a store that does not answer. */
const PATIENCE_MS = 10_000;

async function inTime<Value>(work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new GateError("NETWORK", `no answer within ${PATIENCE_MS / 1000} s`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Never throws: what cannot be read is a note and decides nothing. */
async function tryRead<Value>(
  notes: string[],
  what: string,
  read: () => Promise<Value>,
  otherwise: Value,
): Promise<Value> {
  try {
    return await inTime(read());
  } catch (error) {
    notes.push(`${what}: ${faultOf(error)}`);
    return otherwise;
  }
}

const ENTRIES = 1000;

type StoreSight = Pick<RollbackView, "state" | "takenBack">;

async function lookIntoStore({ store, prompt }: Surroundings, notes: string[]): Promise<StoreSight> {
  if (store === null) return { state: null, takenBack: [] };
  const [rollout, entries] = await Promise.all([
    tryRead<ReadRollout>(notes, "rollout state", () => readRollout(store, prompt), { kind: "none" }),
    tryRead<readonly LedgerEntry[]>(
      notes,
      "ledger",
      async () => (await store.ledger(prompt, { limit: ENTRIES })).items,
      [],
    ),
  ]);
  const takenBack = entries.flatMap(({ kind, version, at }) =>
    kind === "rolled-back" && version !== null ? [{ version, at }] : [],
  );
  return { state: rollout.kind === "state" ? rollout.state : null, takenBack };
}

async function look(surroundings: Surroundings, isNamed: boolean): Promise<Sight> {
  const { registry, storeFault, prompt } = surroundings;
  const notes: string[] = storeFault === null ? [] : [`store: ${storeFault}`];
  const [release, labels, history] = await Promise.all([
    tryRead(notes, "release document", () => registry.readRelease(prompt), null),
    tryRead(notes, "labels", () => registry.listLabels(prompt), []),
    tryRead<readonly LabelMove[]>(
      notes,
      "history of labels",
      async () => (await registry.history(prompt, { limit: ENTRIES })).items,
      [],
    ),
  ]);
  const moves = history.filter(({ label }) => label === "production");
  const isLive = (release?.candidate?.weight ?? 0) > 0;
  // Beside a live canary the stable version is the answer, whatever the store would say.
  const known = isLive || isNamed ? { state: null, takenBack: [] } : await lookIntoStore(surroundings, notes);
  return { view: { release, labels, moves, ...known }, notes };
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

async function choose(surroundings: Surroundings, { view }: Sight, to: string | undefined): Promise<Chosen> {
  const found = rollbackTarget(view);
  if (to === undefined) {
    if (found.kind === "target") {
      return { to: await readTarget(surroundings, found.to), from: found.from, because: found.because };
    }
    throw new GateError("USAGE", `no version is known to go back to: ${found.reason}`, {
      hint: "name one that was in production before with --to VERSION",
    });
  }
  if (parseVersion(to) === null) {
    throw new GateError("USAGE", `"${visibleLine(to, 60)}" is no version MAJOR.MINOR.PATCH`);
  }
  const version = await readTarget(surroundings, to);
  const fault = targetFault(view, to);
  if (fault !== null) {
    throw new GateError("USAGE", `${fault}: going there would be a promotion`, {
      hint: `promptgate promote ${surroundings.prompt}@${to} --to production checks its evidence`,
    });
  }
  const serving = view.release?.candidate?.weight ? view.release.candidate.version : null;
  const current = view.release?.stable ?? view.labels.find(({ name }) => name === "production")?.version;
  return { to: version, from: serving ?? (current === to ? null : (current ?? null)), because: "as asked" };
}

function render(
  { to, because }: Chosen,
  prompt: string,
  outcome: { readonly steps: readonly RollbackStep[]; readonly notes: readonly string[] },
): string {
  const failed = outcome.steps.filter(({ kind }) => kind === "failed");
  const [traffic, production] = outcome.steps;
  const isBack = traffic?.kind !== "failed" && (traffic?.kind === "done" || production?.kind !== "failed");
  const words = { done: "done", unchanged: "ok", left: "left", failed: "FAILED" } as const;
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
  const reason = options.reason.trim();
  if (reason === "") {
    throw new GateError("USAGE", "a rollback needs a reason", { hint: '--reason "what people saw"' });
  }
  const surroundings = await surroundingsOf(context, options);
  const { prompt } = surroundings;
  const sight = await look(surroundings, options.to !== undefined);
  const chosen = await choose(surroundings, sight, options.to);
  const at = new Date(context.clock.now()).toISOString();
  const by = await whoActs(context);
  const order = { ...surroundings, to: chosen.to, from: chosen.from, by, reason, at };
  const steps = await rollBack(order, endRollout, ({ step, text }) => {
    context.log.info(`${step}: ${visibleLine(text, 400)}`);
  });
  const exitCode: ExitCode = steps.some(({ kind }) => kind === "failed") ? 4 : 0;
  if (options.json) {
    const target = { to: chosen.to.version, from: chosen.from, because: chosen.because };
    const document = { schema: "promptgate/rollback@1", prompt, ...target, at, by, reason, steps };
    context.print(JSON.stringify({ ...document, unread: sight.notes, exitCode }, null, 2));
  } else {
    context.print(visible(render(chosen, prompt, { steps, notes: sight.notes })));
  }
  return exitCode;
}
