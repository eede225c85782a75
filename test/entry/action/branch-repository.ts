import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { RolloutState } from "../../../src/domain/rollout-state.ts";
import { runPublish } from "../../../src/entry/commands/publish.ts";
import { runRolloutAdvance } from "../../../src/entry/commands/rollout-advance.ts";
import type { CommandContext } from "../../../src/entry/context.ts";
import { readRollout } from "../../../src/entry/promotion/read-rollout.ts";
import { orderRollout } from "../../../src/entry/rollout/order-rollout.ts";
import { openRollouts } from "../../../src/entry/rollout/scope.ts";
import { bucket, isCanary } from "../../../src/rollout/bucketing.ts";
import { aPrompt } from "../../e2e/project.ts";
import type { LoopbackGitHub } from "../../loopback/github.ts";
import { actionCheckout, type ActionCheckout } from "../action-checkout.ts";
import { gitEnvironment, git } from "../git-project.ts";
import { checkout as commandCheckout } from "../gate-checkout.ts";
import { SHORT } from "../rollout/rollout-project.ts";

const HOUR_MS = 3_600_000;
const common = { json: true, verbose: false };
const instructions = {
  "1.0.0": "Answer only from the context.",
  "1.1.0": "Answer only from the context you are given.",
};

/** A repository as docs/workflows.md asks for: registry and state on branches, 1.0.0 in production, 1.1.0 published. */
export interface BranchRepository extends ActionCheckout {
  /** What a run by hand or by schedule is of. */
  readonly main: string;
  /**
   * Brings 1.1.0 to 5 % of the people hours ago; what they have got since then has this quality, and is in the log. Null =
   * nobody was served anything, so that it stays in staging.
   */
  rollOut(quality: number | null): Promise<void>;
  state(): Promise<RolloutState>;
}

function contextAt(folder: string, now: () => number): CommandContext {
  const { context } = commandCheckout(folder);
  return { ...context, clock: { now }, environment: { ...context.environment, ...gitEnvironment() } };
}

export async function branchRepository(github: LoopbackGitHub): Promise<BranchRepository> {
  const checkout = await actionCheckout(github, { cases: 120 });
  const { folder, server, project, commit } = checkout;
  let now = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 4 * HOUR_MS;
  const context = contextAt(folder, () => now);

  async function publish(version: keyof typeof instructions, label?: string): Promise<void> {
    project.write("prompts/greeter.prompt.yml", aPrompt(version, instructions[version]));
    const author = "Ada <ada@example.com>";
    await runPublish(context, {
      ...common,
      prompt: "greeter",
      author,
      ...(label === undefined ? {} : { label }),
    });
  }

  git(folder, "checkout", "-q", "main");
  git(folder, "remote", "add", "origin", server);
  const config = parse(readFileSync(join(folder, "promptgate.yaml"), "utf8")) as Record<string, unknown>;
  const settings = {
    ...config,
    registry: { kind: "git" },
    store: { kind: "git" },
    metrics: { source: "jsonl", path: "served.jsonl" },
    rollout: SHORT,
    policies: {
      patch: { canary: { minSoak: "1h" }, approvals: 1 },
      minor: { canary: { minSoak: "1h" }, approvals: 1 },
      major: { canary: { minSoak: "1h" } },
    },
  };
  project.write("promptgate.yaml", stringify(settings));
  cpSync("templates/init/.github", join(folder, ".github"), { recursive: true });
  await publish("1.0.0", "production");
  await publish("1.1.0");
  project.write("served.jsonl", "");

  const toServer = (message: string): string => {
    const made = commit(message);
    git(folder, "push", "-q", "-f", "origin", "HEAD:main");
    git(folder, "branch", "-f", "change", made);
    return made;
  };
  let main = toServer("Keep registry and state on branches");

  async function look(): Promise<void> {
    await runRolloutAdvance(context, { ...common, prompts: [], dryRun: false });
  }

  /** One hour: 3,000 people dealt out as the release says, and 80 of the staff. */
  async function serve(quality: number): Promise<string> {
    const release = await (await openRollouts(context, {})).open().registry.readRelease("greeter");
    const canary = release?.candidate ?? null;
    const line = (unit: string, version: string, index: number): string =>
      JSON.stringify({
        at: new Date(now + index * 1_000).toISOString(),
        prompt: "greeter",
        unit,
        version,
        scores: { quality: (version === "1.1.0" ? quality : 0.8) + ((index % 11) - 5) / 100 },
        error: false,
      });
    const people = Array.from({ length: 3_000 }, (_, index) => {
      const unit = `user-${now}-${index}`;
      const tried = canary !== null && isCanary(bucket(canary.salt, unit), canary.weight);
      return line(unit, tried ? "1.1.0" : "1.0.0", index);
    });
    const staff = Array.from({ length: 80 }, (_, index) => line(`staff-${now}-${index}`, "1.1.0", index));
    now += HOUR_MS;
    return [...people, ...(canary === null ? staff : []), ""].join("\n");
  }

  /** The hours that a rollout has behind it. */
  async function live(quality: number | null): Promise<void> {
    let log = "";
    const hour = async (each: number): Promise<void> => {
      log += await serve(each);
      project.write("served.jsonl", log);
    };
    if (quality === null) {
      now += HOUR_MS;
      return look();
    }
    // Two hours of staging, then 5 %.
    for (const each of [0.8, 0.8]) {
      await hour(each);
      await look();
    }
    await hour(quality);
    await hour(quality);
  }

  async function rollOut(quality: number | null): Promise<void> {
    const scope = await openRollouts(context, {});
    const { registry } = scope.open();
    const read = async (version: string) => {
      const found = await registry.readVersion("greeter", { kind: "version", version });
      if (found === null) throw new Error(`${version} is not published`);
      return { version, digest: found.digest };
    };
    const candidate = { ...(await read("1.1.0")), tier: "patch" as const, minCanaryMs: null };
    const command = { kind: "start" as const, candidate, stable: await read("1.0.0"), supersede: false };
    await orderRollout(scope, "greeter", { command, by: "ada", reason: "try it" });
    await look();
    await live(quality);
    if (quality !== null) main = toServer("What was served");
  }

  return {
    ...checkout,
    get main() {
      return main;
    },
    rollOut,
    async state() {
      const found = await readRollout((await openRollouts(context, {})).open().store, "greeter");
      if (found.kind !== "state") throw new Error(found.kind);
      return found.state;
    },
  };
}
