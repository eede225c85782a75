import * as z from "zod";
import type { GitHubClient } from "./client.ts";

const viewerSchema = z.object({ data: z.object({ viewer: z.object({ login: z.string() }) }) });

type Author = { readonly login: string; readonly type?: string | undefined } | null | undefined;

function login(name: string): string {
  return name.replace(/\[bot\]$/, "").toLowerCase();
}

/** Whom the token speaks for; null when it does not say. */
export async function ownLogin(client: GitHubClient): Promise<string | null> {
  const answer = await client.send("POST", "/graphql", { query: "{viewer{login}}" }, viewerSchema).catch(
    // Without an answer what is there is judged by its author's type.
    () => null,
  );
  return answer?.kind === "ok" ? login(answer.value.data.viewer.login) : null;
}

/** Whether a text was written by `own`; where that is not known, by some bot. */
export function isWrittenBy(author: Author, own: string | null): boolean {
  if (own === null) return author?.type === "Bot";
  return author !== null && author !== undefined && login(author.login) === own;
}
