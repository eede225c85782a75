import { clockFinding, type Finding } from "../domain/finding.ts";
import type { ProbeQuestion } from "../domain/platform.ts";
import { visible } from "../domain/visible.ts";
import type { JsonRequest } from "../http/json-client.ts";
import type { PlatformApi } from "../http/platform-api.ts";
import { nameProblem } from "../registries/promptlayer.ts";
import { findingsOf } from "./findings.ts";

/** What the project is used for, and a read that fails where it may not be. */
const READS = {
  registry: { method: "GET", path: "/prompt-templates", query: { page: 1, per_page: 1 } },
  metrics: { method: "POST", path: "/api/public/v2/requests/search", body: { page: 1, per_page: 1 } },
  datasets: { method: "GET", path: "/api/public/v2/datasets", query: { page: 1, per_page: 1 } },
  scores: { method: "GET", path: "/api/public/v2/tables", query: { limit: 1 } },
} as const satisfies Readonly<Record<string, JsonRequest>>;

const WORDS = { registry: "prompts", metrics: "requests", datasets: "datasets", scores: "tables" } as const;

const { ok, problem, skipped, failed, names } = findingsOf("promptlayer");
const ADDRESS = "check that baseUrl is the address of PromptLayer's API";
const RULES = { platform: "PromptLayer", prompt: nameProblem, label: () => null };

/** Everything that can be seen of a workspace on PromptLayer without writing to it. */
export async function probePromptLayer(
  api: PlatformApi,
  baseUrl: string,
  asked: { readonly question: ProbeQuestion; readonly now: () => number; readonly signal: AbortSignal },
): Promise<Finding[]> {
  const { question, now, signal } = asked;
  const found: Finding[] = [];
  try {
    const answer = await api.send({ ...READS.registry, signal });
    // A page in front of the server answers everything.
    if (answer.json === null) {
      return [problem(`${visible(baseUrl)} answers, but not as PromptLayer does`, ADDRESS)];
    }
    found.push(ok(`${visible(baseUrl)} is reachable, and the key is valid`));
    found.push(clockFinding("promptlayer", answer.headers.get("date"), now()));
  } catch (error) {
    return [failed(error, ADDRESS)];
  }
  for (const [use, read] of Object.entries(READS) as [keyof typeof READS, JsonRequest][]) {
    if (!question.uses.has(use)) continue;
    try {
      await api.send({ ...read, repeatable: true, signal });
      found.push(ok(`${WORDS[use]} can be read`));
    } catch (error) {
      found.push(failed(error, ADDRESS));
    }
  }
  if (!question.uses.has("registry")) return found;
  const unseen = skipped("whether the key may move protected labels is not told before one is moved");
  return [...found, unseen, ...names(question, RULES)];
}
