import type { Finding } from "../../domain/finding.ts";
import type { MetricsSource } from "../../domain/metrics.ts";
import type { PromptProject } from "../../domain/project.ts";
import type { Registry } from "../../domain/registry.ts";
import { visible } from "../../domain/visible.ts";
import type { CommandContext } from "../context.ts";

const HOUR_MS = 3_600_000;
const HOURS = 24;

/** What production reported of a prompt in the last day. */
export async function lookAtMetrics(
  subject: string,
  { source, registry }: { readonly source: MetricsSource; readonly registry: Registry },
  { name, rollout }: PromptProject,
  { clock, signal }: Pick<CommandContext, "clock" | "signal">,
): Promise<Finding[]> {
  const version = await registry.readVersion(name, { kind: "label", label: "production" });
  if (version === null) {
    return [
      { kind: "skipped", subject, message: `${visible(name)}: nothing is in production to be measured` },
    ];
  }
  const to = Math.floor(clock.now() / HOUR_MS) * HOUR_MS;
  const request = {
    prompt: name,
    versions: [version.version],
    metrics: rollout.metrics,
    from: to - HOURS * HOUR_MS,
    to,
    bucketMs: HOUR_MS,
  };
  const { assignments, errors, notes = [] } = await source.observe(request, signal);
  const served = Math.round(assignments.reduce((sum, { n }) => sum + n, 0));
  const place = `${visible(name)} ${visible(version.version)}`;
  const remedy = "docs/metrics.md: what an application has to report";
  return [
    served > 0
      ? { kind: "ok", subject, message: `${place}: ${served} served in the last ${HOURS} h` }
      : { kind: "warning", subject, message: `${place}: no data of the last ${HOURS} h`, remedy },
    ...errors.map(({ metric, message }): Finding => ({
      kind: "problem",
      subject,
      message: `${place}: ${visible(metric)} cannot be read: ${message}`,
      remedy,
    })),
    ...notes.map(({ message }): Finding => ({ kind: "warning", subject, message, remedy })),
  ];
}
