import { gitText, runGit } from "../base/git.ts";

/** A checkout and how to get what it lacks. */
export interface Checkout {
  /** Absolute path of a folder inside of it. */
  readonly folder: string;
  /** `https://github.com`, or an Enterprise server. */
  readonly serverUrl: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

async function hasCommit({ folder, signal }: Checkout, commit: string): Promise<boolean> {
  const { exitCode } = await runGit(folder, ["cat-file", "-e", `${commit}^{commit}`], { signal });
  return exitCode === 0;
}

/** The token in the environment of one git command: not among its arguments, and in no file. */
export function withToken({ serverUrl, token }: Checkout): Readonly<Record<string, string>> {
  const credentials = Buffer.from(`x-access-token:${token}`).toString("base64");
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `http.${serverUrl.replace(/\/$/, "")}/.extraheader`,
    GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${credentials}`,
  };
}

/** Whether git can fetch with what the checkout left behind, else with the token. True when it fetched. */
async function fetchReference(checkout: Checkout, reference: string): Promise<boolean> {
  const { folder, serverUrl, token, signal } = checkout;
  const shallow = (await gitText(folder, ["rev-parse", "--is-shallow-repository"])) === "true";
  const args = [
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-recurse-submodules",
    // Never in a whole clone: it would cut its history off.
    ...(shallow ? ["--depth=1"] : []),
    "origin",
    reference,
  ];
  const plain = await runGit(folder, args, { signal });
  if (plain.exitCode === 0) return true;
  const key = `http.${serverUrl.replace(/\/$/, "")}/.extraheader`;
  const configured = await gitText(folder, ["config", "--get-all", key]);
  if (token === "" || (configured !== null && configured !== "")) return false;
  return (await runGit(folder, args, { signal, environment: withToken(checkout) })).exitCode === 0;
}

/** Makes a commit available by its id; false when it cannot be had. */
export async function fetchCommit(checkout: Checkout, commit: string): Promise<boolean> {
  if (await hasCommit(checkout, commit)) return true;
  return (await fetchReference(checkout, commit)) && hasCommit(checkout, commit);
}

/** The commit at the tip of a branch as the server has it now; null when it cannot be had. */
export async function fetchBranch(checkout: Checkout, branch: string): Promise<string | null> {
  if (!(await fetchReference(checkout, `refs/heads/${branch}`))) return null;
  return gitText(checkout.folder, ["rev-parse", "--verify", "--quiet", "FETCH_HEAD^{commit}"]);
}
