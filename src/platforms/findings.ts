import { GateError } from "../domain/errors.ts";
import type { Finding } from "../domain/finding.ts";
import type { ProbeQuestion } from "../domain/platform.ts";
import { visible, visibleLine } from "../domain/visible.ts";

/** What a probe says of one platform. */
interface Findings {
  ok(message: string): Finding;
  problem(message: string, remedy: string): Finding;
  skipped(message: string): Finding;
  /** A call that failed; throws what is no failure of the platform. `remedy` where the failure has none. */
  failed(error: unknown, remedy: string): Finding;
  /** Names of prompts and labels that the platform cannot have, or that all is well. */
  names(
    question: ProbeQuestion,
    rules: {
      readonly platform: string;
      readonly prompt: (name: string) => string | null;
      readonly label: (name: string) => string | null;
    },
  ): Finding[];
}

/** Findings about `subject`, e.g. `langfuse`. */
export function findingsOf(subject: string): Findings {
  const ok = (message: string): Finding => ({ kind: "ok", subject, message });
  const problem = (message: string, remedy: string): Finding => ({
    kind: "problem",
    subject,
    message,
    remedy,
  });
  return {
    ok,
    problem,
    skipped: (message) => ({ kind: "skipped", subject, message }),
    failed(error, remedy) {
      if (!(error instanceof GateError) || error.code === "INTERRUPTED") throw error;
      return problem(visibleLine(error.message, 300), visibleLine(error.hint ?? remedy, 300));
    },
    names({ prompts, labels }, { platform, prompt, label }) {
      const wrong = [
        ...prompts.map((name) => [`prompt ${visible(name)}`, prompt(name)] as const),
        ...labels.map((name) => [`label ${visible(name)}`, label(name)] as const),
      ].flatMap(([what, why]) => (why === null ? [] : [problem(`${what}: ${why}`, "choose another name")]));
      return wrong.length > 0 ? wrong : [ok(`names of prompts and labels are as ${platform} wants them`)];
    },
  };
}
