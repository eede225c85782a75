import type { Reply, SeenRequest } from "../loopback/openai-server.ts";
import { renderVerdict } from "../loopback/judge-replies.ts";
import { shareOf } from "../loopback/scripted-faults.ts";
import { runCli, type CliOptions, type CliResult } from "./cli.ts";
import { aProject, aPrompt, type ProjectShape, type TestProject } from "./project.ts";

/** What a gate says, as far as faults may not change it. */
interface PromptDocument {
  readonly verdict: string;
  readonly stored: boolean;
  readonly usage: { readonly calls: number; readonly cachedCalls: number };
  readonly cases: { readonly total: number; readonly used: number; readonly unscored: number };
  readonly unscored: readonly { readonly id: string; readonly side: string; readonly reason: string }[];
  readonly metrics: readonly {
    readonly name: string;
    readonly n: number;
    readonly used: number;
    readonly unscored: number;
    readonly baseline: number | null;
    readonly candidate: number | null;
  }[];
}

/** One gate as a process: its exit code and what it printed. */
export interface GateOutcome extends CliResult {
  /** The error of a gate that could not decide. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Null after an error or a kill. */
  readonly prompt: PromptDocument | null;
}

/** Where the model stands, and how the candidate does: `worse` answers every third case wrongly. */
export interface FaultShape extends ProjectShape {
  readonly worse?: boolean;
}

/** A project whose production version is a file beside the candidate. */
export function aFaultProject({ worse = false, timeout = "3s", ...shape }: FaultShape): TestProject {
  const made = aProject({ ...shape, timeout });
  const manner = worse ? "Guess, and name the price." : "Name the price.";
  made.write("prompts/production.prompt.yml", aPrompt("1.0.0", "Answer only from the context."));
  made.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", `Answer only from the context. ${manner}`));
  return made;
}

/** A model that names the price in its context, unless it guesses, and a judge that is content with every answer. */
export function answerFromContext(request: SeenRequest): Reply {
  if (request.body.model === "grader") return { kind: "answer", text: renderVerdict(request, "supported") };
  const [instruction = "", question = ""] = request.body.messages.map(({ content }) => content);
  const price = /costs \d+ euros/.exec(question)?.[0] ?? "I do not know";
  const wrong = instruction.includes("Guess") && shareOf(question) < 1 / 3;
  // Both versions in words of their own: equal outputs would be judged once.
  const text = instruction.includes("Name the price") ? `It ${price}.` : price;
  return { kind: "answer", text: wrong ? "It is free." : text };
}

/** Runs the gate as a process. */
export async function runFaultGate(
  { folder }: Pick<TestProject, "folder">,
  { args = [], ...options }: { readonly args?: readonly string[] } & Omit<CliOptions, "cwd"> = {},
): Promise<GateOutcome> {
  const result = await runCli(["gate", "--json", "--baseline", "prompts/production.prompt.yml", ...args], {
    cwd: folder,
    ...options,
  });
  const document =
    result.exitCode === null
      ? {}
      : (JSON.parse(result.stdout) as { error?: GateOutcome["error"]; prompts?: PromptDocument[] });
  // No fault of the world is a bug of the gate, whatever code it exits with.
  if (document.error?.code === "INTERNAL") throw new Error(result.stderr);
  return { ...result, error: document.error ?? null, prompt: document.prompts?.[0] ?? null };
}

/** The part of an outcome that no survived fault may change. */
export function measuredBy({ prompt }: GateOutcome): Pick<PromptDocument, "verdict" | "cases" | "metrics"> {
  if (prompt === null) throw new Error("the gate ended without a verdict");
  const { verdict, cases, metrics } = prompt;
  return { verdict, cases, metrics: metrics.filter(({ name }) => name !== "latency") };
}
