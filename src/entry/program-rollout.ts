import type { Command } from "commander";
import { command, positive, type Registration } from "./command-line.ts";
import type { CommandContext } from "./context.ts";
import type { OrderVerb } from "./commands/rollout-order.ts";

interface Verb {
  readonly verb: OrderVerb;
  readonly description: string;
  /** True where nobody may act without saying why. */
  readonly needsReason: boolean;
  readonly needsSecond?: boolean;
}

const VERBS: readonly Verb[] = [
  { verb: "pause", description: "raise nothing until it is resumed; harm still ends it", needsReason: true },
  { verb: "resume", description: "end a pause; nothing restarts", needsReason: false },
  {
    verb: "approve",
    description: "your word that it may leave this step, or be tried again",
    needsReason: false,
  },
  {
    verb: "skip-step",
    description: "leave this step without its proof; recorded as overridden",
    needsReason: true,
    needsSecond: true,
  },
  {
    verb: "promote-full",
    description: "go to the last step at once; recorded as overridden",
    needsReason: true,
    needsSecond: true,
  },
  { verb: "abort", description: "end it; nobody gets the candidate any more", needsReason: true },
  { verb: "retry", description: "another attempt of what was rolled back or aborted", needsReason: true },
  {
    verb: "adopt",
    description: "take what production has now as the control and begin again beside it",
    needsReason: true,
  },
];

function registerVerbs(rollout: Command, context: CommandContext, finish: Parameters<Registration>[2]): void {
  for (const { verb, description, needsReason, needsSecond = false } of VERBS) {
    const registered = command(rollout, `${verb} <prompt>`, description);
    if (needsReason) registered.requiredOption("--reason <text>", "why");
    else registered.option("--reason <text>", "why");
    if (needsSecond) registered.requiredOption("--second-approver <name>", "who agrees, beside you");
    registered.action(async (prompt: string, options) => {
      const { runRolloutOrder } = await import("./commands/rollout-order.ts");
      finish(await runRolloutOrder(context, { ...options, prompt, verb }));
    });
  }
}

function registerViews(rollout: Command, context: CommandContext, finish: Parameters<Registration>[2]): void {
  command(rollout, "get <prompt>", "where a rollout is, why, and what was measured")
    .option("--watch", "draw it again every second until Ctrl-C", false)
    .option("--no-color", "no colours")
    .action(async (prompt: string, options) => {
      const { runRolloutGet } = await import("./commands/rollout-get.ts");
      finish(await runRolloutGet(context, { ...options, prompt }));
    });
  command(rollout, "list", "every rollout in one line").action(async (options) => {
    const { runRolloutList } = await import("./commands/rollout-list.ts");
    finish(await runRolloutList(context, options));
  });
  command(rollout, "explain <prompt|decision>", "inputs, formula and result of a decision")
    .option("--no-color", "no colours")
    .action(async (subject: string, options) => {
      const { runRolloutExplain } = await import("./commands/rollout-explain.ts");
      finish(await runRolloutExplain(context, { ...options, subject }));
    });
  command(rollout, "plan <prompt>", "how long each step will take, and whether the traffic can decide it")
    .option("--traffic <n>", "units an hour (default: what the metrics saw in the last 7 days)", positive)
    .action(async (prompt: string, options) => {
      const { runRolloutPlan } = await import("./commands/rollout-plan.ts");
      finish(await runRolloutPlan(context, { ...options, prompt }));
    });
  command(rollout, "simulate <prompt>", "replay a log of requests under the configured strategy")
    .requiredOption("--from <file>", "the log: JSON Lines as in docs/metrics.md")
    .requiredOption("--candidate <version>", "the version under test, as the log names it")
    .requiredOption("--stable <version>", "the version in production, as the log names it")
    .requiredOption("--start <time>", "when the rollout starts, e.g. 2026-11-20T00:00:00Z")
    .option("--every <duration>", "how far apart the looks are", "1h")
    .option("--until <time>", "when nobody looks any more (default: until it has ended, 60 days at most)")
    .action(async (prompt: string, options) => {
      const { runRolloutSimulate } = await import("./commands/rollout-simulate.ts");
      finish(await runRolloutSimulate(context, { ...options, prompt }));
    });
}

/** `promptgate rollout …`. */
export const registerRolloutCommands: Registration = (program, context, finish) => {
  const rollout = program.command("rollout").description("the exposure of a version, step by step");
  command(rollout, "start <prompt@version>", "check evidence and sign-off, then queue and stage the version")
    .option("--supersede", "end a live rollout of another version instead of waiting for it", false)
    .option("--reason <text>", "why (default: the version's changeReason)")
    .action(async (version: string, options) => {
      const { runRolloutStart } = await import("./commands/rollout-start.ts");
      finish(await runRolloutStart(context, { ...options, version }));
    });
  command(rollout, "advance [prompts...]", "look at every rollout: hold, one step on, or back")
    .option("--dry-run", "say what would be decided, and write nothing", false)
    .action(async (prompts: string[], options) => {
      const { runRolloutAdvance } = await import("./commands/rollout-advance.ts");
      finish(await runRolloutAdvance(context, { ...options, prompts }));
    });
  registerVerbs(rollout, context, finish);
  registerViews(rollout, context, finish);
  command(rollout, "freeze", "raise nothing in the whole project; lowering goes on")
    .requiredOption("--reason <text>", "why")
    .option("--until <time>", "when it ends by itself, e.g. 2026-12-01T08:00:00Z")
    .action(async (options) => {
      const { runRolloutFreeze } = await import("./commands/rollout-freeze.ts");
      finish(await runRolloutFreeze(context, { ...options, frozen: true }));
    });
  command(rollout, "unfreeze", "end the freeze")
    .option("--reason <text>", "why")
    .action(async (options) => {
      const { runRolloutFreeze } = await import("./commands/rollout-freeze.ts");
      finish(await runRolloutFreeze(context, { ...options, frozen: false }));
    });
};
