/** One review of a pull request, in the order in which GitHub lists them: oldest first. */
export interface Review {
  /** Null for an account that is gone. */
  readonly user: { readonly login: string; readonly isBot: boolean } | null;
  readonly state: string;
  /** The head commit that the reviewer saw; null counts as none. */
  readonly commit: string | null;
}

/** Where somebody stands after all of their reviews. */
export interface Stance {
  readonly login: string;
  readonly kind: "approved" | "changes-requested";
  readonly commit: string | null;
}

export type SignOffState =
  | { readonly kind: "not-needed" }
  | { readonly kind: "given"; readonly by: readonly string[] }
  | {
      readonly kind: "waiting";
      readonly required: number;
      readonly by: readonly string[];
      /** One line each: what is missing, and why approvals that are there do not count. */
      readonly missing: readonly string[];
    };

function sameLogin(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/**
 * The last word of everybody who may have one: a comment changes nothing, a dismissal takes the word back. Bots, the
 * author and whoever wrote one of the commits have none.
 */
export function standingReviews(reviews: readonly Review[], authors: readonly string[]): Stance[] {
  const stances = new Map<string, Stance | null>();
  for (const { user, state, commit } of reviews) {
    if (user === null || user.isBot || authors.some((author) => sameLogin(author, user.login))) continue;
    const key = user.login.toLowerCase();
    const { login } = user;
    if (state === "APPROVED") stances.set(key, { login, kind: "approved", commit });
    else if (state === "CHANGES_REQUESTED") stances.set(key, { login, kind: "changes-requested", commit });
    else if (state === "DISMISSED") stances.set(key, null);
  }
  return [...stances.values()].filter((stance) => stance !== null);
}

/** What a sign-off is held against. */
export interface SignOffQuestion {
  /** At least 1. */
  readonly required: number;
  /** By login in lower case; only these two levels may sign off. */
  readonly permissions: ReadonlyMap<string, "admin" | "write" | "other">;
  /** The digest of what would be approved. */
  readonly digest: string;
  /** Of what a commit has; null where it cannot be read. */
  readonly digests: ReadonlyMap<string, string | null>;
}

function mayWrite({ permissions }: SignOffQuestion, { login }: Stance): boolean {
  const permission = permissions.get(login.toLowerCase());
  return permission === "admin" || permission === "write";
}

function isBound({ digest, digests }: SignOffQuestion, { commit }: Stance): boolean {
  return commit !== null && digests.get(commit) === digest;
}

/**
 * Whether enough people with write access approved exactly this content. An approval of an earlier commit counts as long
 * as nothing that decides has changed since; one standing request for changes outweighs all approvals.
 */
export function judgeSignOff(stances: readonly Stance[], question: SignOffQuestion): SignOffState {
  const writers = stances.filter((stance) => mayWrite(question, stance));
  const approvals = writers.filter(({ kind }) => kind === "approved");
  const objections = writers.filter(({ kind }) => kind === "changes-requested");
  const valid = approvals.filter((stance) => isBound(question, stance));
  const by = valid.map(({ login }) => login);
  if (objections.length === 0 && valid.length >= question.required) return { kind: "given", by };
  const short = question.required - valid.length;
  return {
    kind: "waiting",
    required: question.required,
    by,
    missing: [
      ...(short > 0
        ? [`${short} more ${short === 1 ? "approval" : "approvals"} by people who may write`]
        : []),
      ...objections.map(({ login }) => `${login} requests changes`),
      ...approvals
        .filter((stance) => !isBound(question, stance))
        .map(({ login }) => `the approval of ${login} was for other content: approve again`),
      ...stances
        .filter((stance) => stance.kind === "approved" && !mayWrite(question, stance))
        .map(({ login }) => `the approval of ${login} does not count: no write access`),
    ],
  };
}
