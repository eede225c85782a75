import type { GitHubClient } from "../../github/client.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { ActionInputs } from "./inputs.ts";
import type { ActionOutputs, ActionVerdict } from "./outputs.ts";

/** What commands that move labels and traffic work with. */
export interface OrderJob {
  /** Its environment lets git write to the server's branches. */
  readonly context: CommandContext;
  readonly inputs: ActionInputs;
  readonly client: GitHubClient;
  /** `owner/name`. */
  readonly repository: string;
  /** The commit that the workflow runs on. */
  readonly commit: string;
  readonly runId: string;
  readonly runUrl: string;
  /** Logins of who started the run. */
  readonly actors: readonly string[];
}

/** What such a command came to, for everybody who is told of it. */
export interface OrderResult {
  readonly verdict: ActionVerdict;
  readonly exitCode: ExitCode;
  /** One sentence; may hold names. */
  readonly headline: string;
  /** Columns of text for people; may hold anything. */
  readonly rows: readonly (readonly [name: string, state: string, text: string])[];
  /** One line each. */
  readonly notes: readonly string[];
  /** What could not be told on GitHub; never decides. */
  readonly warnings: readonly string[];
  readonly outputs: Partial<ActionOutputs>;
}

const verdicts = {
  0: "pass",
  1: "fail",
  2: "error",
  3: "inconclusive",
  4: "error",
  5: "neutral",
  130: "error",
} as const satisfies Record<ExitCode, ActionVerdict>;

/** The verdict that goes with the exit code of a command. */
export function verdictOf(exitCode: ExitCode): ActionVerdict {
  return verdicts[exitCode];
}
