import { GateError } from "../../domain/errors.ts";
import type { RolloutCommand } from "../../domain/rollout-decision.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import { tellEvents } from "../events/tell-events.ts";
import type { ExitCode } from "../exit-codes.ts";
import { authorOf } from "../registry/author.ts";
import { orderRollout } from "../rollout/order-rollout.ts";
import { tickDocument, tickLines } from "../rollout/render-tick.ts";
import { openRollouts, type RolloutScope } from "../rollout/scope.ts";

export type OrderVerb = Exclude<RolloutCommand["kind"], "start" | "rollback">;

export interface RolloutOrderOptions extends CommonOptions {
  readonly prompt: string;
  readonly verb: OrderVerb;
  readonly reason?: string | undefined;
  readonly secondApprover?: string | undefined;
}

async function productionOf(scope: RolloutScope, prompt: string) {
  const { registry } = scope.open();
  const found = await registry.readVersion(prompt, { kind: "label", label: "production" });
  if (found !== null) return { version: found.version, digest: found.digest };
  throw new GateError("BASELINE_MISSING", `${prompt} has nothing in production to adopt`, {
    hint: "move the label production to the version that is to be compared with",
  });
}

async function commandOf(scope: RolloutScope, options: RolloutOrderOptions): Promise<RolloutCommand> {
  const { verb, prompt, secondApprover } = options;
  if (verb === "adopt") return { kind: verb, stable: await productionOf(scope, prompt) };
  if (verb === "skip-step" || verb === "promote-full") {
    return { kind: verb, secondApprover: visibleLine(secondApprover ?? "") };
  }
  return { kind: verb };
}

/** `rollout pause` and its like: a person's order, carried out or refused. */
export async function runRolloutOrder(
  context: CommandContext,
  options: RolloutOrderOptions,
): Promise<ExitCode> {
  const scope = await openRollouts(context, options);
  const reason = visibleLine(options.reason ?? "", 1000);
  if (options.reason !== undefined && reason === "") {
    throw new GateError("USAGE", "the reason is empty", { hint: '--reason "what people will ask later"' });
  }
  const ordered = await orderRollout(scope, options.prompt, {
    command: await commandOf(scope, options),
    by: await authorOf(context, undefined),
    reason: reason === "" ? "no reason given" : reason,
  });
  await tellEvents(scope);
  const { exitCode } = ordered;
  if (options.json) {
    const document = { schema: "promptgate/rollout-order@1", ...tickDocument(ordered) };
    context.print(JSON.stringify(document, null, 2));
  } else {
    context.print(visible(tickLines(ordered).join("\n")));
  }
  return exitCode;
}
