import * as z from "zod";
import { clockFinding, type Finding } from "../domain/finding.ts";
import type { ProbeQuestion } from "../domain/platform.ts";
import { visible, visibleLine } from "../domain/visible.ts";
import type { PlatformApi } from "../http/platform-api.ts";
import { labelProblem, nameProblem } from "../registries/langsmith.ts";
import { findingsOf } from "./findings.ts";

const SUBJECT = "langsmith";
const REGIONS =
  "keys are valid in one region: api.smith.langchain.com (US), eu.api.smith.langchain.com, others of LangSmith's, or your own server";

const { ok, problem, skipped, failed, names } = findingsOf(SUBJECT);

const info = z.object({ version: z.string() });

/** What the project is used for, a read that fails where it may not be, and what that read shows. */
const READS = [
  ["registry", "/repos", "prompts"],
  ["metrics", "/sessions", "tracing projects"],
  ["datasets", "/datasets", "datasets"],
  ["scores", "/sessions", "experiments"],
] as const;

async function readFinding(
  api: PlatformApi,
  [, path, what]: (typeof READS)[number],
  signal: AbortSignal,
): Promise<Finding> {
  const own = path === "/repos" ? { is_public: "false" } : {};
  try {
    const answer = await api.send({ method: "GET", path, query: { limit: 1, ...own }, signal });
    // A page in front of the server answers everything.
    if (answer.json === null) return problem(`${what} are answered, but not as LangSmith does`, REGIONS);
    return ok(`${what} can be read`);
  } catch (error) {
    return failed(error, REGIONS);
  }
}

/** Everything that can be seen of a workspace on LangSmith without writing to it. */
export async function probeLangsmith(
  api: PlatformApi,
  baseUrl: string,
  asked: { readonly question: ProbeQuestion; readonly now: () => number; readonly signal: AbortSignal },
): Promise<Finding[]> {
  const { question, now, signal } = asked;
  const found: Finding[] = [];
  try {
    const answer = await api.send({ method: "GET", path: "/info", signal });
    const { version } = api.read(info, answer);
    found.push(ok(`${visible(baseUrl)} is reachable and runs LangSmith ${visibleLine(version, 40)}`));
    found.push(clockFinding(SUBJECT, answer.headers.get("date"), now()));
  } catch (error) {
    return [failed(error, REGIONS)];
  }
  for (const read of READS) {
    if (question.uses.has(read[0])) found.push(await readFinding(api, read, signal));
  }
  if (!question.uses.has("registry")) return found;
  const rules = { platform: "LangSmith", prompt: nameProblem, label: labelProblem };
  const unseen = skipped("whether the key may move the tags of a prompt is not told before one is moved");
  return [...found, unseen, ...names(question, rules)];
}
