import { Command, Option } from "commander";
import {
  collect,
  command,
  positive,
  share,
  wholeNumber,
  type Finish,
  type Registration,
} from "./command-line.ts";
import type { CommandContext } from "./context.ts";
import { packageVersion } from "./package-files.ts";
import { registerRolloutCommands } from "./program-rollout.ts";
import { TIERS } from "../domain/tier.ts";

interface Output {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
}

const registerFileCommands: Registration = (program, context, finish) => {
  command(program, "init [directory]", "write a working project to start from")
    .option("--force", "overwrite files that exist", false)
    .option("--action <action>", "OWNER/REPOSITORY@COMMIT of the Action, for the workflows")
    .action(async (directory: string | undefined, options) => {
      const { runInit } = await import("./commands/init.ts");
      finish(await runInit(context, { ...options, directory: directory ?? "." }));
    });
  const imports = program.command("import").description("turn another tool's files into this project's");
  command(imports, "promptfoo <file>", "a promptfoo config: prompts, tests and assertions")
    .option("--directory <directory>", "where the project goes", ".")
    .option("--force", "overwrite files that exist", false)
    .option("--dry-run", "say what would be written, and write nothing", false)
    .action(async (file: string, options) => {
      const { runImportPromptfoo } = await import("./commands/import-promptfoo.ts");
      finish(await runImportPromptfoo(context, { ...options, file }));
    });
  command(program, "doctor", "check credentials, registry, models, metrics, store and permissions").action(
    async (options) => {
      const { runDoctor } = await import("./commands/doctor.ts");
      finish(await runDoctor(context, options));
    },
  );
  command(program, "validate", "check every file of the project; no network").action(async (options) => {
    const { runValidate } = await import("./commands/validate.ts");
    finish(await runValidate(context, options));
  });
};

/** Options that choose what a gate compares; `plan` shows the same choice without running it. */
function withGateSelection(target: Command): Command {
  return target
    .option("--candidate <file|version|label>", "the version under test (default: the prompt file)")
    .option("--baseline <version|label|file>", "what it is compared with", "production")
    .addOption(
      new Option("--tier <tier>", "hold the change to this tier's policy")
        .choices(["auto", ...TIERS])
        .default("auto"),
    )
    .option("--filter-tag <tag>", "only cases with this tag (repeatable)", collect, [])
    .option("--filter-id <id>", "only this case (repeatable)", collect, [])
    .option(
      "--outputs <[baseline=]file>",
      "score stored outputs instead of calling the model (repeatable)",
      collect,
      [],
    )
    .option("--seed <number>", "order of the cases (default: from the digests)", wholeNumber(0));
}

const baseRevision = [
  "--base <revision>",
  "take rules from that git revision; only prompts changed since",
] as const;

const registerGateCommands: Registration = (program, context, finish) => {
  const plan = command(program, "plan [prompts...]", "what a gate would do, need and cost; no model call");
  withGateSelection(plan)
    .option(...baseRevision)
    .action(async (prompts: string[], options) => {
      const { runPlan } = await import("./commands/plan.ts");
      finish(await runPlan(context, { ...options, prompts }));
    });
  const gate = command(program, "gate [prompts...]", "judge the candidate against the baseline");
  withGateSelection(gate)
    .option(...baseRevision)
    .option("-o, --output <file>", "write a report: .json, .md, .html, .junit.xml (repeatable)", collect, [])
    .option("--sign <keyfile>", "sign the evidence (default: the key in PROMPTGATE_SIGNING_KEY, if any)")
    .option("-j, --concurrency <number>", "calls at once", wholeNumber(1), 8)
    .option("--max-cost <usd>", "stop, without a verdict, before spending more", positive)
    .option("--max-minutes <minutes>", "stop, without a verdict, after that long", positive)
    .option("--batch", "ask through the provider's Batch API: cheaper, within 24 hours", false)
    .option("--shard <i/n>", "evaluate this part of the cases and decide nothing; merge decides")
    .option("--shard-output <directory>", "where the shard goes (default: the run's folder)")
    .option("--record <directory>", "keep every model call in this folder")
    .option("--replay <directory>", "answer every model call from this folder; a miss is an error")
    .option("--no-cache", "neither read nor write the shared cache")
    .option("--export [platform]", "write answers, scores and links to a platform, e.g. langfuse")
    .option("--dry-run", "stop after the plan", false)
    .action(async (prompts: string[], options) => {
      const { runGate } = await import("./commands/gate.ts");
      finish(await runGate(context, { ...options, prompts }));
    });
  withGateSelection(command(program, "merge <directories...>", "join the shards of one gate run and decide"))
    .option("--replay <directory>", "the shards were made with --replay")
    .option("--sign <keyfile>", "sign the evidence (default: the key in PROMPTGATE_SIGNING_KEY, if any)")
    .option("-o, --output <file>", "write a report: .json, .md, .html, .junit.xml (repeatable)", collect, [])
    .action(async (directories: string[], options) => {
      const { runMerge } = await import("./commands/merge.ts");
      finish(await runMerge(context, { ...options, directories }));
    });
  command(program, "compare <baseline> <candidate>", "the same decision over two score files made elsewhere")
    .option("--margin <[metric=]number>", "largest tolerated drop (repeatable)", collect, [])
    .option("--alpha-miss <number>", "chance to pass a worse candidate", share, 0.05)
    .option("--alpha-block <number>", "chance to fail an equal candidate", share, 0.05)
    .option("--sequential", "look at the cases in a seeded order and stop early", false)
    .option("--seed <number>", "order of the cases", wholeNumber(0))
    .action(async (baseline: string, candidate: string, options) => {
      const { runCompare } = await import("./commands/compare.ts");
      finish(await runCompare(context, { ...options, baseline, candidate }));
    });
  command(program, "report <run>", "render a stored run again")
    .option(
      "-o, --output <file>",
      "write it to a file: .json, .md, .html, .junit.xml (repeatable)",
      collect,
      [],
    )
    .action(async (run: string, options) => {
      const { runReport } = await import("./commands/report.ts");
      finish(await runReport(context, { ...options, run }));
    });
};

/** Options of commands that ask models and decide nothing. */
function withModelAccess(target: Command): Command {
  return target
    .option("-j, --concurrency <number>", "calls at once", wholeNumber(1), 8)
    .option("--max-cost <usd>", "stop before spending more", positive)
    .option("--max-minutes <minutes>", "stop after that long", positive)
    .option("--record <directory>", "keep every model call in this folder")
    .option("--replay <directory>", "answer every model call from this folder; a miss is an error")
    .option("--no-cache", "neither read nor write the shared cache");
}

const registerJudgeCommands: Registration = (program, context, finish) => {
  const judge = program.command("judge").description("judges, and how far they agree with people");
  const calibrate = command(
    judge,
    "calibrate <rubric>",
    "hold a judge against human labels and keep the record",
  )
    .option("--labels <file>", "the labels (default: those that the rubric names)")
    .option("--repeat <number>", "answers to each label, to see how steady they are", wholeNumber(1), 2);
  withModelAccess(calibrate).action(async (rubric: string, options) => {
    const { runJudgeCalibrate } = await import("./commands/judge-calibrate.ts");
    finish(await runJudgeCalibrate(context, { ...options, rubric }));
  });
  const aa = command(
    program,
    "aa <prompt>",
    "put a version against itself: how often does the gate block it?",
  )
    .option("--baseline <version|label|file>", "the version", "production")
    .addOption(new Option("--tier <tier>", "whose policy the gate follows").choices(TIERS).default("minor"))
    .option("--runs <number>", "how often the samples are dealt to both sides", wholeNumber(1), 2_000)
    .option(
      "--samples <number>",
      "answers to each case (default: what two sides need and two more)",
      wholeNumber(2),
    )
    .option("--outputs <file>", "stored outputs with several samples of each case", collect, [])
    .option("--filter-tag <tag>", "only cases with this tag (repeatable)", collect, [])
    .option("--filter-id <id>", "only this case (repeatable)", collect, [])
    .option("--seed <number>", "of the draws (default: from the digests)", wholeNumber(0));
  withModelAccess(aa).action(async (prompt: string, options) => {
    const { runAa } = await import("./commands/aa.ts");
    finish(await runAa(context, { ...options, prompt }));
  });
};

const registerCacheCommands: Registration = (program, context, finish) => {
  const cache = program.command("cache").description("the answers that runs share");
  command(cache, "prune", "remove the oldest answers; the journals of runs stay")
    .option("--max-size <size>", "keep the newest answers up to this size, e.g. 500MB")
    .option("--max-age <duration>", "remove what is older, e.g. 30d")
    .option("--all", "remove every answer", false)
    .action(async (options) => {
      const { runCachePrune } = await import("./commands/cache-prune.ts");
      finish(await runCachePrune(context, options));
    });
};

const registerRegistryCommands: Registration = (program, context, finish) => {
  command(program, "publish <prompt>", "store the prompt file as an immutable version")
    .option("--label <name>", "move this label to the version")
    .option("--reason <text>", "why it changed (default: the file's changeReason)")
    .option("--author <name>", "who changed it (default: the git user)")
    .action(async (prompt: string, options) => {
      const { runPublish } = await import("./commands/publish.ts");
      finish(await runPublish(context, { ...options, prompt }));
    });
  command(program, "status [prompt]", "where every label points, and since when").action(
    async (prompt: string | undefined, options) => {
      const { runStatus } = await import("./commands/status.ts");
      finish(await runStatus(context, { ...options, prompt }));
    },
  );
  command(program, "history <prompt>", "who published and moved what, when and why")
    .option("--limit <number>", "how many entries", wholeNumber(1), 50)
    .action(async (prompt: string, options) => {
      const { runHistory } = await import("./commands/history.ts");
      finish(await runHistory(context, { ...options, prompt }));
    });
  command(program, "diff <prompt> <a> <b>", "what changed between two versions, labels or files").action(
    async (prompt: string, a: string, b: string, options) => {
      const { runDiff } = await import("./commands/diff.ts");
      finish(await runDiff(context, { ...options, prompt, a, b }));
    },
  );
};

const registerEvidenceCommands: Registration = (program, context, finish) => {
  const keys = program.command("keys").description("keys that sign evidence and approvals");
  command(keys, "new", "write an ed25519 key pair and say what goes into the config")
    .option("--output <file>", "the private key; the public one goes to <file>.pub", "promptgate.key")
    .action(async (options) => {
      const { runKeysNew } = await import("./commands/keys-new.ts");
      finish(await runKeysNew(context, options));
    });
  command(program, "verify <file>", "check evidence: signature, digests, result, age")
    .option("--key <key|file>", "a public key to trust instead of the config's (repeatable)", collect, [])
    .option("--max-age <duration>", "refuse what is older, e.g. 30d (default: the config's)")
    .action(async (file: string, options) => {
      const { runVerify } = await import("./commands/verify.ts");
      finish(await runVerify(context, { ...options, file }));
    });
};

const registerPromotionCommands: Registration = (program, context, finish) => {
  command(program, "approve <prompt@version>", "sign off a version with an approver's key")
    .requiredOption("--key <file>", "the approver's private key")
    .option("--reason <text>", "what was looked at")
    .action(async (version: string, options) => {
      const { runApprove } = await import("./commands/approve.ts");
      finish(await runApprove(context, { ...options, version }));
    });
  command(program, "promote <prompt@version>", "check evidence and policy, then move a label")
    .requiredOption("--to <label>", "staging, production, or a label of your own")
    .option("--evidence <file>", "the evidence to go by (default: the store's and that of local runs)")
    .option("--dry-run", "show each check and what would be written", false)
    .option("--override", "go past what is not met; recorded as ungated", false)
    .option("--reason <text>", "why (default: the version's changeReason)")
    .action(async (version: string, options) => {
      const { runPromote } = await import("./commands/promote.ts");
      finish(await runPromote(context, { ...options, version }));
    });
  command(program, "rollback <prompt>", "everybody back to the last known good version; works in every state")
    .option("--to <version>", "a version that was in production before (default: the last known good one)")
    .requiredOption("--reason <text>", "what people saw")
    .action(async (prompt: string, options) => {
      const { runRollback } = await import("./commands/rollback.ts");
      finish(await runRollback(context, { ...options, prompt }));
    });
};

/** The command line. `finish` receives the exit code of the command that ran. */
export function buildProgram(context: CommandContext, output: Output, finish: Finish): Command {
  const program = new Command("promptgate")
    .description(
      "Decides by honest statistics whether a new prompt version may replace the one in production.",
    )
    .version(packageVersion(), "-V, --version")
    .exitOverride()
    .showHelpAfterError(false)
    .configureOutput({
      writeOut: output.write,
      writeErr: output.writeError,
      outputError: (text, write) => {
        write(
          `error USAGE: ${text.trim().replace(/^error: /, "")}\nhint: promptgate --help shows the commands\n`,
        );
      },
    });
  for (const register of [
    registerGateCommands,
    registerFileCommands,
    registerJudgeCommands,
    registerCacheCommands,
    registerRegistryCommands,
    registerEvidenceCommands,
    registerPromotionCommands,
    registerRolloutCommands,
  ]) {
    register(program, context, finish);
  }
  return program;
}
