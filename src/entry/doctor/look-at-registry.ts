import type { Finding } from "../../domain/finding.ts";
import type { Registry } from "../../domain/registry.ts";
import type { Store } from "../../domain/store.ts";
import { visible } from "../../domain/visible.ts";

/** Where production points for a prompt: without it a gate has no baseline. */
async function labelFinding(subject: string, registry: Registry, prompt: string): Promise<Finding> {
  const labels = await registry.listLabels(prompt);
  const production = labels.find(({ name }) => name === "production");
  const name = visible(prompt);
  if (production !== undefined) {
    return { kind: "ok", subject, message: `${name}: production is ${visible(production.version)}` };
  }
  return {
    kind: "warning",
    subject,
    message: `${name}: nothing is in production, so a gate has no baseline`,
    remedy: `promptgate publish ${name} --label production`,
  };
}

/** Reads what a gate and a rollout would read first. */
export async function lookAtRegistry(
  subject: string,
  registry: Registry,
  prompts: readonly string[],
): Promise<Finding[]> {
  await registry.listPrompts({ limit: 1 });
  const findings: Finding[] = [{ kind: "ok", subject, message: "prompts can be listed" }];
  for (const prompt of prompts) findings.push(await labelFinding(subject, registry, prompt));
  return findings;
}

/** Reads what a rollout would read first. */
export async function lookAtStore(subject: string, store: Store): Promise<Finding[]> {
  await store.read("freeze");
  const { items } = await store.ledger(null, { limit: 1 });
  const message = items.length === 0 ? "can be read; its ledger is empty" : "can be read, the ledger too";
  return [{ kind: "ok", subject, message }];
}
