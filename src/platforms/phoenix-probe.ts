import { clockFinding, type Finding } from "../domain/finding.ts";
import type { ProbeQuestion } from "../domain/platform.ts";
import { visible, visibleLine } from "../domain/visible.ts";
import type { PhoenixConnection } from "../http/phoenix.ts";
import type { PlatformApi } from "../http/platform-api.ts";
import { nameProblem } from "../registries/phoenix.ts";
import { findingsOf } from "./findings.ts";

const SUBJECT = "phoenix";
const ADDRESS = "check baseUrl: the address of Phoenix without /v1";

const { ok, problem, skipped, failed, names } = findingsOf(SUBJECT);

/** What the project is used for, and a read that fails where it may not be. */
const READS = {
  registry: { path: "/v1/prompts", what: "prompts" },
  metrics: { path: "/v1/projects", what: "projects" },
  datasets: { path: "/v1/datasets", what: "datasets" },
} as const;

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** A server without keys belongs to whoever reaches it. */
function keyFindings({ baseUrl, apiKey }: PhoenixConnection): Finding[] {
  if (apiKey !== null) {
    return [skipped("whether the key may write is not told before something is written: viewers may not")];
  }
  if (LOCAL.has(new URL(baseUrl).hostname)) return [];
  const message = "the server answers without a key: whoever reaches it moves your labels";
  return [
    { kind: "warning", subject: SUBJECT, message, remedy: "set PHOENIX_ENABLE_AUTH there, and apiKey here" },
  ];
}

/** Everything that can be seen of a Phoenix without writing to it. */
export async function probePhoenix(
  api: PlatformApi,
  connection: PhoenixConnection,
  {
    question,
    now,
    signal,
  }: { readonly question: ProbeQuestion; readonly now: () => number; readonly signal: AbortSignal },
): Promise<Finding[]> {
  const found: Finding[] = [];
  try {
    const path = "/arize_phoenix_version";
    const { status, text, headers } = await api.send({ method: "GET", path, accept: [404], signal });
    if (status === 404 || !/^\d+\.\d+\S{0,30}$/.test(text)) {
      return [problem("what answers there is no Phoenix", ADDRESS)];
    }
    found.push(ok(`${visible(connection.baseUrl)} is reachable and runs Phoenix ${visibleLine(text, 40)}`));
    found.push(clockFinding(SUBJECT, headers.get("date"), now()));
    for (const [use, { path: listing, what }] of Object.entries(READS)) {
      if (!question.uses.has(use as keyof typeof READS)) continue;
      await api.send({ method: "GET", path: listing, query: { limit: 1 }, signal });
      found.push(ok(`${what} can be read`));
    }
    if (question.uses.has("registry") || question.uses.has("scores")) found.push(...keyFindings(connection));
  } catch (error) {
    found.push(failed(error, ADDRESS));
  }
  const rules = { platform: "Phoenix", prompt: nameProblem, label: () => null };
  return question.uses.has("registry") ? [...found, ...names(question, rules)] : found;
}
