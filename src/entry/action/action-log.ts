import { getInput } from "@actions/core";
import { visible } from "../../domain/visible.ts";
import { annotate, printLog, shownAnnotations, type Annotation } from "../../github/workflow-commands.ts";
import type { CommandContext } from "../context.ts";
import { secretRedactor } from "../redact.ts";
import type { Environment } from "./action-host.ts";
import { SECRET_INPUTS } from "./inputs.ts";

/** The process as the action sees it. */
export interface ActionHost {
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** What models and registries may see: the workflow's own variables, and nothing that only the runner needs. */
function visibleEnvironment(environment: Environment): Record<string, string | undefined> {
  const key = getInput("openai-api-key");
  const own = Object.entries(environment).filter(([name]) => !/^(?:INPUT_|ACTIONS_)/.test(name));
  return { ...Object.fromEntries(own), ...(key === "" ? {} : { OPENAI_API_KEY: key }) };
}

/** What a run says, with no secret and no command in it that is not its own. */
export interface Logger {
  line(text: string): void;
  annotate(annotations: readonly Annotation[]): void;
}

/** Prints through GitHub's toolkit. */
export function logger({ environment }: ActionHost): Logger {
  const secrets = SECRET_INPUTS.map((name) => [name.toUpperCase(), getInput(name)] as const);
  const redact = secretRedactor({
    ...environment,
    ...Object.fromEntries(secrets.map(([name, value]) => [name.replace("API-KEY", "API_KEY"), value])),
  });
  return {
    line: (text) => printLog(redact(visible(text))),
    annotate: (annotations) => {
      for (const each of shownAnnotations(annotations)) {
        annotate({ ...each, message: redact(each.message) });
      }
    },
  };
}

/** What the handlers of the command line work with. */
export function commandContext(host: ActionHost, cwd: string, { line }: Logger): CommandContext {
  return {
    cwd,
    environment: visibleEnvironment(host.environment),
    clock: { now: () => Date.now() },
    log: { info: line, warn: (text) => line(`warning: ${text}`) },
    print: line,
    signal: host.signal,
    terminal: { color: false, interactive: false, width: 120 },
  };
}
