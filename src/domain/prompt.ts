import { jsonDigest, type Digest } from "./digest.ts";

type MessageRole = "system" | "developer" | "user" | "assistant";

/** One message; in a template `content` still holds its `{{variables}}`. */
export interface Message {
  readonly role: MessageRole;
  readonly content: string;
}

export type ResponseFormat = "text" | "json_object" | "json_schema";

export interface ModelParameters {
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly reasoningEffort?: string;
}

/** A function the model may call; `parameters` is a JSON Schema. */
export interface Tool {
  readonly name: string;
  readonly description?: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Everything of a prompt that changes behaviour, and nothing else: what the digest covers. */
export interface PromptTemplate {
  readonly messages: readonly Message[];
  /** A key of `models` in the config, or a model id that one of them names. */
  readonly model: string;
  readonly modelParameters: ModelParameters;
  readonly responseFormat: ResponseFormat;
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  readonly tools: readonly Tool[];
}

/** One state of a prompt as its author wrote it. */
export interface PromptSource {
  readonly name: string;
  /** Semver `MAJOR.MINOR.PATCH`. */
  readonly version: string;
  readonly changeReason?: string;
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly template: PromptTemplate;
}

/** The identity of a template's behaviour; `version`, `changeReason`, `description` and `metadata` do not count. */
export function promptDigest(template: PromptTemplate): Digest {
  return jsonDigest(template);
}
