import type { Label, PromptVersion, Registry } from "../../domain/registry.ts";
import type { Store } from "../../domain/store.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { allPages, promptNames } from "../registry/known-prompts.ts";
import { alignedLines, minute } from "../registry/lines.ts";
import { readRollout, type ReadRollout } from "../promotion/read-rollout.ts";
import { faultOf } from "../promotion/rollback-steps.ts";
import { loadProjectFrom, openRegistryOf, openStoreOf } from "../wire.ts";
import { rolloutDocument, rolloutRow } from "./rollout-list.ts";

export interface StatusOptions extends CommonOptions {
  /** Undefined for all prompts. */
  readonly prompt: string | undefined;
}

interface PromptStatus {
  readonly name: string;
  readonly versions: number;
  readonly latest: Pick<PromptVersion, "version" | "digest" | "author" | "createdAt"> | null;
  readonly labels: readonly Label[];
  readonly rollout: ReadRollout;
}

/** A store that does not answer is no reason to hide the labels. */
async function tryRollout(store: Store, name: string): Promise<ReadRollout> {
  return readRollout(store, name).catch((error: unknown) => ({ kind: "corrupt", reason: faultOf(error) }));
}

async function readStatus(registry: Registry, name: string, rollout: ReadRollout): Promise<PromptStatus> {
  const versions = await allPages((page) => registry.listVersions(name, page));
  const latest = versions[0];
  return {
    name,
    versions: versions.length,
    latest:
      latest === undefined
        ? null
        : {
            version: latest.version,
            digest: latest.digest,
            author: latest.author,
            createdAt: latest.createdAt,
          },
    labels: await registry.listLabels(name),
    rollout,
  };
}

function statusLines({ name, versions, latest, labels, rollout }: PromptStatus, now: number): string[] {
  if (latest === null) {
    return alignedLines([[name]]).concat(
      `  nothing published yet: promptgate publish ${name} --label production`,
    );
  }
  const count = versions === 1 ? "1 version" : `${versions} versions`;
  const rows = labels.map(({ name: label, version, since, by, description }) => [
    label,
    version,
    `since ${minute(since)}`,
    `by ${by}`,
    description ?? "",
  ]);
  return [
    ...alignedLines([
      [`${name}: ${count}, latest ${latest.version} of ${minute(latest.createdAt)} by ${latest.author}`],
    ]),
    ...(rows.length === 0 ? ["  no labels"] : alignedLines(rows).map((line) => `  ${line}`)),
    ...(rollout.kind === "none" ? [] : alignedLines([["  rollout:", ...rolloutRow(rollout, now)]])),
  ];
}

/** `status`: where every label points, since when and by whom. */
export async function runStatus(context: CommandContext, options: StatusOptions): Promise<ExitCode> {
  const project = await loadProjectFrom(context, options, "warning", null);
  const registry = openRegistryOf(project, context);
  const store = openStoreOf(project, context);
  const now = context.clock.now();
  const statuses: PromptStatus[] = [];
  for (const name of await promptNames(project, registry, options.prompt)) {
    statuses.push(await readStatus(registry, name, await tryRollout(store, name)));
  }
  const document = {
    schema: "promptgate/status@1",
    prompts: statuses.map((status) => ({ ...status, rollout: rolloutDocument(status.rollout) })),
  };
  context.print(
    options.json
      ? JSON.stringify(document, null, 2)
      : statuses.map((status) => statusLines(status, now).join("\n")).join("\n\n"),
  );
  return 0;
}
