import type { PromptTemplate } from "../domain/prompt.ts";
import { parseLoaded } from "./documents.ts";
import type { Snapshot } from "./snapshot.ts";

/** A prompt that the application carries with it. Only the messages are needed. */
export interface FallbackPrompt extends Partial<PromptTemplate> {
  readonly messages: PromptTemplate["messages"];
  /** What logs will say was served; default `fallback`. */
  readonly version?: string;
}

/** The application's own prompts by name; throws where one could not be served. */
export function fallbackSnapshots(
  fallback: Readonly<Record<string, FallbackPrompt>> = {},
): ReadonlyMap<string, Snapshot> {
  return new Map(
    Object.entries(fallback).map(([name, { version = "fallback", ...given }]) => {
      const template = { model: "", modelParameters: {}, responseFormat: "text", tools: [], ...given };
      const stable = parseLoaded({ name, version, template }, name);
      return [name, { release: null, stable, versions: new Map(), shares: [], problem: null }];
    }),
  );
}
