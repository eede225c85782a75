import { metricsLine } from "promptgate/client/adapters";
import { findPage } from "./help-pages.mjs";
import { qualityOf } from "./quality.mjs";

export const PROMPT = "help-chat";

/** Answers questions with the prompt that the rollout has for this user, and keeps a line of metrics for each. */
export function createAnswers({ prompts, model, record, clock }) {
  async function complete(prompt, variables) {
    const { modelParameters: parameters, responseFormat, jsonSchema, tools } = prompt;
    const messages = prompt.render(variables);
    const request = { messages, parameters, responseFormat, jsonSchema, tools, sample: 0 };
    const { text } = await model.complete(request, AbortSignal.timeout(30_000));
    return text;
  }

  return async function answer({ user, question, label }) {
    const prompt = await prompts.getPrompt(PROMPT, { unit: user, label });
    const page = findPage(question);
    const started = performance.now();
    const keep = (outcome) => {
      const latencyMs = performance.now() - started;
      const served = { prompt: prompt.name, version: prompt.version, unit: user };
      record(metricsLine(served, { at: new Date(clock.now()), latencyMs, ...outcome }));
    };
    let text;
    try {
      text = await complete(prompt, { company: "Radhaus", context: page, question });
    } catch (error) {
      // An answer that failed has no score; that it failed is what counts.
      keep({ error: true });
      throw error;
    }
    const quality = qualityOf({ answer: text, page, question });
    keep({ error: false, scores: { quality } });
    const { version, variant, reason } = prompt;
    return { answer: text, quality, version, variant, reason };
  };
}
