import * as z from "zod";
import type { Answer, GitHubClient } from "./client.ts";
import { isWrittenBy, ownLogin } from "./own-login.ts";

/** Where a comment belongs. */
export interface CommentPlace {
  /** `owner/name`. */
  readonly repository: string;
  readonly pullRequest: number;
  /** Tells several gates on one pull request apart: letters, digits, `.`, `_`, `-`. */
  readonly key: string;
}

export type CommentOutcome =
  | { readonly kind: "written"; readonly url: string; readonly created: boolean }
  /** It says already what it should, or there is none and none is wanted. */
  | { readonly kind: "unchanged"; readonly url: string | null }
  /** The result stands without it. `reason` is one line. */
  | { readonly kind: "failed"; readonly reason: string };

const commentSchema = z.object({
  id: z.number(),
  body: z.string().nullish(),
  html_url: z.string(),
  user: z.object({ login: z.string(), type: z.string().optional() }).nullish(),
});
type Comment = z.infer<typeof commentSchema>;

/** GitHub takes 65,536 characters; less is asked for, and less again when it refuses. */
const LENGTHS = [60_000, 30_000, 20_000];

/** The invisible first line by which a comment is found again. */
function commentMarker(key: string): string {
  return `<!-- promptgate:v1 key=${key} -->`;
}

/** Only a comment of our own: anybody can write the marker. */
async function findOwn(client: GitHubClient, comments: readonly Comment[]): Promise<Comment | undefined> {
  if (comments.length === 0) return undefined;
  const own = await ownLogin(client);
  return comments.find(({ user }) => isWrittenBy(user, own));
}

function explain(answer: Extract<Answer<unknown>, { kind: "refused" }>): string {
  const { status, message } = answer;
  if (status === 403 || status === 404) {
    return `GitHub refuses the comment (${status}): the job needs \`permissions: pull-requests: write\`; a change from a fork never has it`;
  }
  return `GitHub refuses the comment (${status}${message === "" ? "" : `: ${message}`})`;
}

/**
 * Writes the one comment of a gate on a pull request, or changes it in place. `render` makes it at most so many
 * characters long; `create` false changes one that is there and makes none. Best effort: it never throws for what GitHub
 * says, but for a network that is gone.
 */
export async function writeComment(
  client: GitHubClient,
  place: CommentPlace,
  render: (maxCharacters: number) => string,
  create: boolean,
): Promise<CommentOutcome> {
  const { repository, pullRequest, key } = place;
  const marker = commentMarker(key);
  const path = `/repos/${repository}/issues/${pullRequest}/comments`;
  const listed = await client.list(path, commentSchema);
  if (listed.kind === "refused") return { kind: "failed", reason: explain(listed) };
  const marked = listed.value.filter(({ body }) => body?.startsWith(marker) === true);
  const own = await findOwn(client, marked);
  if (own === undefined && !create) return { kind: "unchanged", url: null };
  for (const length of LENGTHS) {
    const body = `${marker}\n${render(length - marker.length - 1)}`;
    if (own !== undefined && own.body === body) return { kind: "unchanged", url: own.html_url };
    const answer =
      own === undefined
        ? await client.send("POST", path, { body }, commentSchema)
        : await client.send(
            "PATCH",
            `/repos/${repository}/issues/comments/${own.id}`,
            { body },
            commentSchema,
          );
    if (answer.kind === "ok") {
      return { kind: "written", url: answer.value.html_url, created: own === undefined };
    }
    if (answer.status !== 422) return { kind: "failed", reason: explain(answer) };
  }
  return { kind: "failed", reason: "GitHub takes no comment of even 20,000 characters (422)" };
}
