import * as z from "zod";
import type { Message } from "../../domain/prompt.ts";
import { visibleLine } from "../../domain/visible.ts";

/** Why a template says more than we can, in words that follow "left out:". */
interface Unreadable {
  readonly problem: string;
}

export type ReadMessage = Message | Unreadable;
export type ReadMessages = { readonly messages: readonly Message[] } | Unreadable;

export const messageRole = z.enum(["system", "developer", "user", "assistant"]);

const plainMessage = z.object({ role: messageRole, content: z.string() });

/** What is said of a message of another role or form. */
export function foreignMessage(value: unknown): Unreadable {
  const role = (value as { readonly role?: unknown } | null | undefined)?.role;
  const named = typeof role === "string" ? ` of role "${visibleLine(role, 40)}"` : "";
  return { problem: `it has a message${named} that is none of system, developer, user and assistant` };
}

/** A message with a role and one text that means the same here; `contentProblem` says why it does not. */
export function readPlainMessage(
  value: unknown,
  contentProblem: (content: string) => string | null,
): ReadMessage {
  const message = plainMessage.safeParse(value);
  if (!message.success) return foreignMessage(value);
  const problem = contentProblem(message.data.content);
  return problem === null ? message.data : { problem };
}

/** All messages, or the first problem; a template without one is none. */
export function readEach<Value>(values: readonly Value[], read: (value: Value) => ReadMessage): ReadMessages {
  const messages: Message[] = [];
  for (const value of values) {
    const message = read(value);
    if ("problem" in message) return message;
    messages.push(message);
  }
  return messages.length === 0 ? { problem: "it has no message" } : { messages };
}
