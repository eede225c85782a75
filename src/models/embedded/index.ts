import { GateError } from "../../domain/errors.ts";
import { readJudgeTask } from "../../domain/judge-layout.ts";
import type { Completion, FinishReason, Model, ModelRequest } from "../../domain/model.ts";
import { visibleLine } from "../../domain/visible.ts";
import { answerQuestion } from "./answer.ts";
import { answerJudgeTask } from "./judge.ts";
import { estimateTokens } from "./words.ts";

const MODELS = ["embedded-1"];

/** Cuts at the first stop sequence and at `maxTokens` (four bytes each, whole characters). */
function limitText(
  text: string,
  { stop = [], maxTokens }: ModelRequest["parameters"],
): { readonly text: string; readonly finishReason: FinishReason } {
  const ends = stop
    .map((sequence) => (sequence === "" ? -1 : text.indexOf(sequence)))
    .filter((end) => end >= 0);
  const stopped = text.slice(0, Math.min(text.length, ...ends));
  if (maxTokens === undefined || estimateTokens(stopped) <= maxTokens) {
    return { text: stopped, finishReason: "stop" };
  }
  let bytes = 0;
  let kept = "";
  for (const character of stopped) {
    bytes += Buffer.byteLength(character, "utf8");
    if (bytes > maxTokens * 4) break;
    kept += character;
  }
  return { text: kept, finishReason: "length" };
}

/** A request in a judge's layout is judged, every other one answered. */
function reply(request: ModelRequest): string {
  const task = readJudgeTask(request.messages.at(-1)?.content ?? "");
  return task === null ? answerQuestion(request) : answerJudgeTask(task);
}

function complete(model: string, request: ModelRequest): Completion {
  const { text, finishReason } = limitText(reply(request), request.parameters);
  const input = request.messages.map(({ content }) => content).join("\n");
  return {
    text,
    toolCalls: [],
    finishReason,
    model,
    usage: { inputTokens: estimateTokens(input), outputTokens: estimateTokens(text) },
    // Its time says nothing about a real model, and a clock would make equal runs differ.
    latencyMs: null,
  };
}

/**
 * A small responder without network for trying the tool and for tests: the same request always gets the same answer,
 * whatever its sample. It answers by extracting context sentences, and as a judge it measures word overlap: no language model.
 * Throws `CONFIG_INVALID` for a model id that it does not have.
 */
export function embeddedModel({ model }: { readonly model: string }): Model {
  if (!MODELS.includes(model)) {
    throw new GateError("CONFIG_INVALID", `the embedded provider has no model "${visibleLine(model, 60)}"`, {
      hint: `use ${MODELS.map((id) => `"${id}"`).join(" or ")}`,
    });
  }
  return {
    provider: "embedded",
    model,
    baseUrl: undefined,
    async complete(request, signal) {
      if (signal.aborted)
        throw new GateError("INTERRUPTED", "the call was interrupted", { cause: signal.reason });
      return complete(model, request);
    },
  };
}
