import { clockFinding, type Finding } from "../domain/finding.ts";
import type { ProbeQuestion } from "../domain/platform.ts";
import { visible } from "../domain/visible.ts";
import { logfireAddress } from "../http/logfire.ts";
import { knownToStay } from "../http/logfire-updates.ts";
import { ALL_VARIABLES, variablesIn } from "../http/logfire-variables.ts";
import type { PlatformApi } from "../http/platform-api.ts";
import { labelProblem, nameProblem, type LogfireRegistryOptions } from "../registries/logfire.ts";
import { findingsOf } from "./findings.ts";

const SUBJECT = "logfire";
const SCOPES =
  "make an API key in the project's settings with project:read_variables, project:write_variables and, for datasets, project:read_datasets";
/** What each process of an application fetches every minute. */
const MUCH_BYTES = 2 << 20;

const { ok, problem, skipped, failed, names } = findingsOf(SUBJECT);

function regionFindings({ key, baseUrl }: LogfireRegistryOptions): Finding[] {
  const own = logfireAddress(key);
  const isOfVendor = /^https:\/\/logfire-[a-z]+\.pydantic\.dev$/.test(baseUrl);
  if (own === null || !isOfVendor || own === baseUrl) return [];
  return [problem(`the key is of the region at ${own}`, "leave baseUrl out, or make a key in that region")];
}

function labelFinding(stays: boolean | null, { singleWriter }: LogfireRegistryOptions): Finding {
  if (stays === null) {
    return skipped("what becomes of labels that an update does not name is tried with the first write");
  }
  if (stays) return ok("labels stay where they are when others move");
  const message = "this server removes labels that an update does not name";
  const remedy = "let one job at a time write prompts, and set registry.singleWriter: true";
  return singleWriter
    ? { kind: "warning", subject: SUBJECT, message, remedy: "see that one job at a time writes prompts" }
    : problem(message, remedy);
}

function sizeFindings(bytes: number): Finding[] {
  if (bytes < MUCH_BYTES) return [];
  const megabytes = Math.round(bytes / (1 << 20));
  const message = `all variables together are ${megabytes} MB, which each process of an application fetches every minute`;
  const remedy =
    "give prompts a project of their own; versions of prompts that nobody goes back to may be deleted, those of …_rollout never";
  return [{ kind: "warning", subject: SUBJECT, message, remedy }];
}

/** Everything that can be seen of a project on Logfire without writing to it. */
export async function probeLogfire(
  api: PlatformApi,
  options: LogfireRegistryOptions,
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
  const { uses } = question;
  const found = regionFindings(options);
  try {
    const answer = await api.send({ ...ALL_VARIABLES, signal });
    const all = variablesIn(api, answer);
    found.push(ok(`${visible(options.baseUrl)} is reachable, and its variables can be read`));
    found.push(clockFinding(SUBJECT, answer.headers.get("date"), now()));
    if (uses.has("registry")) {
      found.push(labelFinding(knownToStay(all), options), ...sizeFindings(Buffer.byteLength(answer.text)));
      found.push(skipped("whether the key may write variables is not told before one is written"));
    }
    if (uses.has("datasets")) {
      await api.send({ method: "GET", path: "/v1/datasets/", signal });
      found.push(ok("datasets can be read"));
    }
  } catch (error) {
    found.push(failed(error, SCOPES));
  }
  if (!uses.has("registry")) return found;
  return [...found, ...names(question, { platform: "Logfire", prompt: nameProblem, label: labelProblem })];
}
