import { GateError } from "../../domain/errors.ts";
import { promptDigest, type PromptTemplate } from "../../domain/prompt.ts";
import type { PromptVersion } from "../../domain/registry.ts";
import { visibleLine } from "../../domain/visible.ts";
import { parseVersionDocument, renderVersionDocument } from "../stored-documents.ts";
import type { VendorContent, VendorEnvelope, VendorRevision } from "./vendor.ts";

const SCHEMA = "promptgate/version@1";

/** A version as the platform gets it: its messages in the open, the rest in the envelope. */
export function vendorContent(version: PromptVersion): VendorContent {
  const {
    schema: _schema,
    name: _name,
    template,
    ...rest
  } = JSON.parse(renderVersionDocument(version)) as Record<string, unknown> & {
    template: Record<string, unknown>;
  };
  const { messages: _messages, ...settings } = template;
  const { model, modelParameters, messages } = version.template;
  return {
    messages,
    envelope: { schema: SCHEMA, ...rest, template: settings },
    note: `${version.version}: ${version.changeReason ?? "no reason given"}`,
    model: { name: model, parameters: { ...modelParameters } },
  };
}

function corrupt(prompt: string, { id }: VendorRevision, vendor: string, reason: string): GateError {
  return new GateError(
    "REGISTRY_CORRUPT",
    `${vendor}: version ${visibleLine(id, 80)} of ${visibleLine(prompt)} cannot be read: ${visibleLine(reason, 200)}`,
    { hint: "publish the prompt again under a new version; nothing was changed" },
  );
}

function isOurs(envelope: VendorEnvelope | null): envelope is VendorEnvelope {
  return envelope?.["schema"] === SCHEMA;
}

/**
 * What people made by hand is a version as well, so that it can be judged and promoted like any other: `0.0.<order>`. Null
 * when its template says more than `{{name}}` can.
 */
function foreignVersion(prompt: string, vendor: string, revision: VendorRevision): PromptVersion | null {
  const { order, messages, model, createdBy, createdAt, note } = revision;
  if (messages === null) return null;
  const template: PromptTemplate = {
    messages,
    // Without one the gate says that the config has no such model.
    model: model?.name ?? "unknown",
    modelParameters: model?.parameters ?? {},
    responseFormat: "text",
    tools: [],
  };
  return {
    name: prompt,
    version: `0.0.${order}`,
    digest: promptDigest(template),
    author: createdBy ?? `unknown (${vendor})`,
    createdAt: createdAt ?? new Date(0).toISOString(),
    changeReason: note === "" ? `made by hand on ${vendor}` : note,
    template,
  };
}

/**
 * The version that a platform's revision is; null for a hand-made one that cannot be read. `REGISTRY_CORRUPT` when it
 * says that it is ours and its content has another digest.
 */
export function versionOf(prompt: string, vendor: string, revision: VendorRevision): PromptVersion | null {
  const { envelope, messages, problem } = revision;
  if (!isOurs(envelope)) return foreignVersion(prompt, vendor, revision);
  if (messages === null) throw corrupt(prompt, revision, vendor, problem ?? "its template is not ours");
  const { schema: _, template, ...rest } = envelope;
  const document = {
    ...rest,
    schema: "promptgate/registry-version@1",
    name: prompt,
    template: { ...(template as object), messages },
  };
  const parsed = parseVersionDocument(JSON.stringify(document));
  if (parsed.kind === "invalid") throw corrupt(prompt, revision, vendor, parsed.reason);
  return parsed.value;
}
