import type { SeenRequest } from "./openai-server.ts";

/** One request of an input file. */
export interface BatchedRequest {
  readonly custom_id: string;
  readonly method: string;
  readonly url: string;
  readonly body: SeenRequest["body"];
}

/** What becomes of one request of a batch. */
type Outcome =
  | { readonly kind: "answer"; readonly text?: string }
  | { readonly kind: "error"; readonly status: number; readonly message: string }
  | { readonly kind: "expire" }
  /** No line at all. */
  | { readonly kind: "silence" };

/** How one batch goes. */
export interface BatchScript {
  /** Looks at it that find it at work; 0 by default. */
  readonly polls?: number;
  /** Looks at it that find it ended and without its files; 0 by default. */
  readonly filesAfter?: number;
  readonly end?: "completed" | "expired" | "cancelled" | "failed";
  readonly errors?: readonly { readonly code: string; readonly message: string }[];
  readonly outcome?: (request: BatchedRequest, index: number) => Outcome;
  /** The last word on the lines of both files. */
  readonly lines?: (files: { output: string[]; errors: string[] }) => { output: string[]; errors: string[] };
}

function wordsOf(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** The document of one chat completion. */
export function completion(body: SeenRequest["body"], text: string): object {
  const asked = body.messages.map(({ content }) => content).join(" ");
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 0,
    model: body.model,
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: text } }],
    usage: { prompt_tokens: wordsOf(asked), completion_tokens: wordsOf(text) },
  };
}

/** The lines of both files of an ended batch. */
export function resultFiles(
  { requests, script }: { readonly requests: readonly BatchedRequest[]; readonly script: BatchScript },
  answer: (body: SeenRequest["body"]) => string,
): { output: string[]; errors: string[] } {
  const output: string[] = [];
  const errors: string[] = [];
  for (const [index, request] of requests.entries()) {
    const outcome = script.outcome?.(request, index) ?? { kind: "answer" };
    const line = { id: `batch_req_${index}`, custom_id: request.custom_id };
    if (outcome.kind === "answer") {
      const body = completion(request.body, outcome.text ?? answer(request.body));
      const response = { status_code: 200, request_id: `r${index}`, body };
      output.push(JSON.stringify({ ...line, response, error: null }));
    } else if (outcome.kind === "error") {
      const body = { error: { message: outcome.message, type: "server_error", code: null } };
      const response = { status_code: outcome.status, request_id: `r${index}`, body };
      errors.push(JSON.stringify({ ...line, response, error: null }));
    } else if (outcome.kind === "expire") {
      const error = { code: "batch_expired", message: "This request could not be executed in time." };
      errors.push(JSON.stringify({ ...line, response: null, error }));
    }
  }
  return script.lines?.({ output, errors }) ?? { output, errors };
}
