import { readJudgeTask } from "../../src/domain/judge-layout.ts";
import type { SeenRequest } from "./openai-server.ts";

/** The answer of a judge that obeys the contract and gives every criterion the same label. */
export function renderVerdict(request: SeenRequest, label: string | number): string {
  const task = request.body.messages
    .map(({ content }) => readJudgeTask(content))
    .find((found) => found !== null);
  if (task === undefined || task === null) throw new Error("the request holds no judge's task");
  return JSON.stringify({
    nonce: task.nonce,
    reasoning: "scripted",
    criteria: task.rubric.criteria.map(({ id }) => ({ id, label, evidence: "scripted" })),
  });
}
