import { GateError } from "../../domain/errors.ts";
import { isPromptName } from "../../domain/registry.ts";
import { visibleLine } from "../../domain/visible.ts";

/** An input that this command cannot do without. */
export function requiredInput(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new GateError("USAGE", `input ${name}: this command needs it`, {
    hint: "see the inputs in docs/action.md",
  });
}

/** The prompt that the workflow names. */
export function promptInput(value: string | undefined): string {
  const prompt = requiredInput("prompt", value);
  if (isPromptName(prompt)) return prompt;
  throw new GateError("USAGE", `input prompt: "${visibleLine(prompt, 80)}" cannot name a prompt`);
}
