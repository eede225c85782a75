import { GateError } from "../domain/errors.ts";
import type { PromptTemplate } from "../domain/prompt.ts";
import { isTemplate, ownTemplate, type LoadedVersion } from "./documents.ts";

/** A prompt that the application carries with it. Only the messages are needed. */
export interface FallbackPrompt extends Partial<PromptTemplate> {
  readonly messages: PromptTemplate["messages"];
  /** What logs will say was served; default `fallback`. */
  readonly version?: string;
}

/** Checks the application's own prompts. Throws `USAGE` where one could not be served. */
export function fallbackVersions(
  fallback: Readonly<Record<string, FallbackPrompt>>,
): ReadonlyMap<string, LoadedVersion> {
  return new Map(
    Object.entries(fallback).map(([name, { version = "fallback", ...given }]) => {
      const template = { model: "", modelParameters: {}, responseFormat: "text", tools: [], ...given };
      if (!isTemplate(template)) {
        throw new GateError("USAGE", `fallback ${name}: expected messages of role and content`);
      }
      return [name, { name, version, template: ownTemplate(template) }];
    }),
  );
}
