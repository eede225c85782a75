import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import { clockFinding, type Finding } from "../domain/finding.ts";
import type { ModelSettings } from "../domain/project.ts";
import { visibleLine } from "../domain/visible.ts";
import type { ModelDependencies } from "./model-factory.ts";
import { openConnection, withDeadline } from "./openai-connection.ts";

const DEADLINE_MS = 15_000;

const listing = z.object({ data: z.array(z.object({ id: z.string() })) });

function refused(subject: string, status: number): Finding {
  const message = `the key was refused (${status})`;
  const remedy = "check the key and that its project may use models; apiKey: ${VARIABLE} or OPENAI_API_KEY";
  return { kind: "problem", subject, message, remedy };
}

function listed(subject: string, model: string, text: string): Finding {
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {
    // What is no JSON has no list either.
  }
  const parsed = listing.safeParse(json);
  if (!parsed.success) {
    return {
      kind: "ok",
      subject,
      message: "reachable; the server lists no models, so the id was not checked",
    };
  }
  const known = parsed.data.data.some(({ id }) => id === model);
  if (known)
    return {
      kind: "ok",
      subject,
      message: `reachable, the key is accepted, ${visibleLine(model, 80)} is there`,
    };
  const message = `reachable, but ${visibleLine(model, 80)} is not among the models it lists`;
  return { kind: "warning", subject, message, remedy: "check the model's id, and that the key may use it" };
}

/** Asks the server which models it has, which costs nothing. Throws `CONFIG_INVALID`, `AUTHENTICATION`, `NETWORK` and `TIMEOUT`. */
export async function probeOpenai(
  subject: string,
  settings: ModelSettings,
  dependencies: ModelDependencies,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { endpoint } = openConnection(settings, dependencies);
  const url = new URL(`${endpoint.baseUrl}/models`);
  for (const [name, value] of Object.entries(endpoint.query)) url.searchParams.set(name, value);
  const { status, date, text } = await withDeadline(signal, DEADLINE_MS, async (limited) => {
    try {
      const answer = await fetch(url, { headers: endpoint.headers, redirect: "manual", signal: limited });
      return { status: answer.status, date: answer.headers.get("date"), text: await answer.text() };
    } catch (error) {
      if (limited.aborted) throw error;
      throw new GateError("NETWORK", `no connection to ${visibleLine(url.host, 100)}, or it broke`, {
        hint: "check baseUrl and the network",
      });
    }
  });
  const clock = clockFinding(subject, date, dependencies.clock.now());
  if (status === 401 || status === 403) return [refused(subject, status)];
  if (status >= 200 && status < 300) return [listed(subject, settings.model, text), clock];
  if (status === 404 || status === 405) {
    const message = "reachable; the server has no list of models, so key and id were not checked";
    return [{ kind: "skipped", subject, message }, clock];
  }
  const remedy = "see what the server's operator says about it, then try again";
  return [{ kind: "problem", subject, message: `the server answered ${status}`, remedy }];
}
