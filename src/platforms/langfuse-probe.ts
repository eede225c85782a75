import * as z from "zod";
import { clockFinding, type Finding } from "../domain/finding.ts";
import type { ProbeQuestion } from "../domain/platform.ts";
import { visible, visibleLine } from "../domain/visible.ts";
import type { JsonAnswer } from "../http/json-client.ts";
import type { LangfuseApi } from "../http/langfuse.ts";
import { labelProblem, nameProblem, type LangfuseRegistryOptions } from "../registries/langfuse.ts";
import { findingsOf } from "./findings.ts";

const SUBJECT = "langfuse";
const REGIONS =
  "keys are valid in one region: cloud.langfuse.com (Europe), us.cloud.langfuse.com, hipaa.cloud.langfuse.com, or your own server";

const health = z.object({ version: z.string() });
const projects = z.object({
  data: z.array(z.object({ name: z.string(), organization: z.object({ name: z.string() }).optional() })),
});

const { ok, problem, failed, names } = findingsOf(SUBJECT);

function keyFindings({ publicKey, secretKey }: LangfuseRegistryOptions): Finding[] {
  if (publicKey.startsWith("sk-lf-") || secretKey.startsWith("pk-lf-")) {
    return [problem("publicKey and secretKey are the wrong way round", "pk-lf-… is the public one")];
  }
  return [];
}

const RULES = { platform: "Langfuse", prompt: nameProblem, label: labelProblem };

/** What the project is used for, and a read that fails where it may not be. */
const READS = {
  registry: "/api/public/v2/prompts",
  datasets: "/api/public/v2/datasets",
} as const;

/** Everything that can be seen of an account on Langfuse without writing to it. */
export async function probeLangfuse(
  api: LangfuseApi,
  options: LangfuseRegistryOptions,
  {
    question,
    now,
    signal,
  }: {
    readonly question: ProbeQuestion;
    readonly now: () => number;
    readonly signal: AbortSignal;
  },
): Promise<Finding[]> {
  const get = (path: string, query?: Readonly<Record<string, number>>): Promise<JsonAnswer> =>
    api.send({ method: "GET", path, signal, ...(query === undefined ? {} : { query }) });
  const found = keyFindings(options);
  try {
    const answer = await get("/api/public/health");
    const { version } = api.read(health, answer);
    found.push(ok(`${visible(options.baseUrl)} is reachable and runs Langfuse ${visibleLine(version, 40)}`));
    found.push(clockFinding(SUBJECT, answer.headers.get("date"), now()));
    const [project] = api.read(projects, await get("/api/public/projects")).data;
    if (project === undefined) return [...found, problem("the keys belong to no project", REGIONS)];
    const of = project.organization === undefined ? "" : ` of ${visibleLine(project.organization.name, 60)}`;
    const name = visibleLine(project.name, 60);
    found.push(ok(`the keys are of project ${name}${of}; they may read and write all of it`));
    for (const [use, path] of Object.entries(READS)) {
      if (!question.uses.has(use as keyof typeof READS)) continue;
      await get(path, { limit: 1 });
      found.push(ok(`${use === "registry" ? "prompts" : use} can be read`));
    }
  } catch (error) {
    found.push(failed(error, REGIONS));
  }
  return question.uses.has("registry") ? [...found, ...names(question, RULES)] : found;
}
