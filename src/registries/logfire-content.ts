import { createHash } from "node:crypto";
import * as z from "zod";
import type { LogfireVersion } from "../http/logfire-variables.ts";
import { readModelParameters } from "./vendor/model-parameters.ts";
import { readEach, readPlainMessage, type ReadMessages } from "./vendor/read-messages.ts";
import { mustacheProblem, unstorable } from "./vendor/template-syntax.ts";
import type { VendorContent, VendorEnvelope, VendorRevision } from "./vendor/vendor.ts";

/** The key of a value that holds what is ours; the keys beside it are for applications that read them. */
const OURS = "promptgate";

const chat = z.object({ messages: z.array(z.unknown()).min(1) });
const agent = z.object({ instructions: z.string() });
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Why a text would mean more on Logfire than it does here, or less; null = it means the same. */
export function contentProblem(content: string): string | null {
  if (content.includes("@{")) return "it includes another variable (@{…}@)";
  return unstorable(content) ?? mustacheProblem(content);
}

/** A text is one message of the user; the instructions of an agent are one of the system. */
function readMessages(value: unknown): ReadMessages {
  const ofChat = chat.safeParse(value);
  const ofAgent = agent.safeParse(value);
  const values =
    typeof value === "string"
      ? [{ role: "user", content: value }]
      : ofChat.success
        ? ofChat.data.messages
        : ofAgent.success
          ? [{ role: "system", content: ofAgent.data.instructions }]
          : null;
  if (values === null) return { problem: "it is neither a text nor has it messages or instructions" };
  return readEach(values, (one) => readPlainMessage(one, contentProblem));
}

function handMadeModel(fields: Readonly<Record<string, unknown>>): VendorRevision["model"] {
  const { model } = fields;
  return typeof model === "string" ? { name: model, parameters: readModelParameters(fields) } : null;
}

function parsed(serialized: string): unknown {
  try {
    return JSON.parse(serialized);
  } catch {
    return null;
  }
}

function fingerprint(serialized: string): string {
  return createHash("sha256").update(serialized, "utf8").digest("hex").slice(0, 12);
}

/** The value of a new version: what applications read in the open, what is ours beside it. */
export function valueOf(prompt: string, { messages, model, envelope }: VendorContent): string {
  const { name, parameters } = model;
  return JSON.stringify({ prompt, messages, model: name, parameters, [OURS]: envelope });
}

/** What one version of a variable says. */
export interface ShownVersion {
  readonly target: LogfireVersion;
  /** The number and a digest of the value: should a deleted version's number be given away, it is another one. */
  readonly id: string;
  /**
   * The label that keeps it in sight, as Logfire shows no version that has no label and is not the newest. It has a dot, so
   * that it is never one of promptgate's, and the value's digest, so that no two values share one.
   */
  readonly pin: string;
  /** The prompt that it belongs to, as promptgate spells it; null = it is none of ours. */
  readonly owner: string | null;
  readonly revision: VendorRevision;
}

function versionNumber(envelope: VendorEnvelope | null, order: number): string {
  const version = envelope?.["version"];
  if (envelope === null) return `0.0.${order}`;
  return typeof version === "string" ? version : "write";
}

function shownVersion(target: LogfireVersion): ShownVersion {
  const { version: order, serialized_value: serialized } = target;
  const value = parsed(serialized);
  const fields = isRecord(value) ? value : {};
  const envelope = isRecord(fields[OURS]) ? fields[OURS] : null;
  const read = readMessages(value);
  const isReadable = "messages" in read;
  const print = fingerprint(serialized);
  const id = `${order}.${print}`;
  return {
    target,
    id,
    pin: `v${versionNumber(envelope, order)}.${print}`,
    owner: envelope !== null && typeof fields["prompt"] === "string" ? fields["prompt"] : null,
    revision: {
      id,
      order,
      messages: isReadable ? read.messages : null,
      problem: isReadable ? null : read.problem,
      envelope,
      model: handMadeModel(fields),
      createdAt: null,
      createdBy: null,
      note: "",
    },
  };
}

const MOST_KNOWN = 1000;
const byValue = new Map<string, ShownVersion>();
const byTarget = new WeakMap<LogfireVersion, ShownVersion>();

/** Reads a version; one that was read lately is not read again, as each answer of Logfire has all of them. */
export function readVersion(target: LogfireVersion): ShownVersion {
  const seen = byTarget.get(target);
  if (seen !== undefined) return seen;
  const key = `${target.version} ${target.serialized_value}`;
  const found = byValue.get(key) ?? shownVersion(target);
  if (byValue.size >= MOST_KNOWN) byValue.clear();
  byValue.set(key, found);
  byTarget.set(target, found);
  return found;
}
