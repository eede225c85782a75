import { readPromptFile } from "../../config/prompt-file.ts";
import { GateError } from "../../domain/errors.ts";
import { promptDigest, type PromptSource } from "../../domain/prompt.ts";
import { isLabelName, type PromptVersion, type Registry } from "../../domain/registry.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { authorOf } from "../registry/author.ts";
import { promptOf } from "../registry/known-prompts.ts";
import { loadProjectFrom, openRegistryOf } from "../wire.ts";

export interface PublishOptions extends CommonOptions {
  readonly prompt: string;
  readonly label?: string;
  readonly reason?: string;
  readonly author?: string;
}

/** What happened to the label that went along. */
interface LabelOutcome {
  readonly name: string;
  readonly from: string | null;
  readonly moved: boolean;
  /** True for the first `production` label of a prompt: what already runs was taken over without a gate. */
  readonly adopted: boolean;
}

/** Labels with a meaning for traffic: only a promotion moves them. */
const GUARDED_LABELS = ["production", "staging", "canary", "rollback"];

function reasonOf({ reason }: PublishOptions, { changeReason, version }: PromptSource, file: string): string {
  const given = (reason ?? changeReason ?? "").trim();
  if (given !== "") return given;
  throw new GateError("USAGE", `${visibleLine(file)}: version ${version} has no changeReason`, {
    hint: "write `changeReason: …` into the prompt file, or pass --reason",
  });
}

/** Where the label is now. Refuses, before anything is written, labels that publishing must not move. */
async function checkLabel(
  registry: Registry,
  prompt: string,
  label: string,
  to: string,
): Promise<string | null> {
  if (!isLabelName(label) || label === "latest") {
    throw new GateError("USAGE", `"${visibleLine(label)}" cannot name a label`, {
      hint: "lowercase letters, digits, - and _; `latest` always is the highest version",
    });
  }
  const labels = await registry.listLabels(prompt);
  const current = labels.find(({ name }) => name === label)?.version ?? null;
  const adoption = label === "production" && current === null;
  if (!GUARDED_LABELS.includes(label) || adoption || current === to) return current;
  throw new GateError(
    "USAGE",
    `publish does not move the label ${label}: it decides what people are served`,
    {
      hint:
        label === "production"
          ? `${prompt} has ${current} in production: judge the new version with promptgate gate ${prompt}`
          : "publish without --label, or choose a label of your own",
    },
  );
}

async function moveAlong(
  registry: Registry,
  { name, version }: PromptVersion,
  move: { label: string; from: string | null; by: string; reason: string },
): Promise<LabelOutcome> {
  const { label, from, by } = move;
  const adopted = label === "production" && from === null;
  const reason = adopted ? `adopted as what already runs, without a gate: ${move.reason}` : move.reason;
  const entry = await registry.moveLabel({ prompt: name, label, to: version, expected: from, by, reason });
  return { name: label, from, moved: entry !== null, adopted };
}

function labelLine({ name, from, moved, adopted }: LabelOutcome, version: string): string {
  if (!moved) return `label ${name} was at ${version} already`;
  if (adopted) return `label ${name} is new at ${version}: adopted as what already runs, without a gate`;
  return from === null
    ? `label ${name} is new at ${version}`
    : `label ${name} moved from ${from} to ${version}`;
}

/** `publish`: stores the prompt file as an immutable version; the same content under the same number is a no-op. */
export async function runPublish(context: CommandContext, options: PublishOptions): Promise<ExitCode> {
  const project = await loadProjectFrom(context, options, "error", null);
  const { name, file } = promptOf(project, options.prompt);
  const registry = openRegistryOf(project, context);
  const { source } = await readPromptFile(project.root, file);
  const reason = reasonOf(options, source, file);
  const by = await authorOf(context, options.author);
  const { label } = options;
  const from = label === undefined ? null : await checkLabel(registry, name, label, source.version);
  const { version, created } = await registry.publish({
    ...source,
    changeReason: reason,
    digest: promptDigest(source.template),
    author: by,
    createdAt: new Date(context.clock.now()).toISOString(),
  });
  const moved = label === undefined ? null : await moveAlong(registry, version, { label, from, by, reason });
  if (options.json) {
    const { digest, author, createdAt, changeReason } = version;
    const stored = { version: version.version, digest, created, author, createdAt, changeReason };
    const document = { schema: "promptgate/publication@1", prompt: name, ...stored, label: moved };
    context.print(JSON.stringify(document, null, 2));
    return 0;
  }
  const id = `${name}@${version.version}`;
  const lines = [
    created
      ? `published ${id}  ${version.digest}`
      : `${id} is published with this content already; nothing to do`,
    ...(moved === null ? [] : [labelLine(moved, version.version)]),
  ];
  context.print(visible(lines.join("\n")));
  return 0;
}
