export { GateError } from "../domain/errors.ts";
export { bucket } from "../rollout/bucketing.ts";
export type { Reason, Variant } from "./choose.ts";
export { createPromptClient } from "./client.ts";
export type { FallbackPrompt } from "./fallback.ts";
export type { GetPromptOptions, PromptClient, PromptClientOptions, ServeEvent } from "./options.ts";
export type { PromptVariables, ServedPrompt } from "./served.ts";
export type { CachedRead, ReleaseSource, SharedCache } from "./source.ts";
export type { Telemetry } from "./telemetry.ts";
