import { execFileSync } from "node:child_process";
import { aPrompt, type TestProject } from "../e2e/project.ts";
import { checkout, withCandidate, type Checkout } from "./gate-checkout.ts";

/** A project in a git repository whose first commit has 1.0.0 in production. */
export interface GitProject extends Checkout {
  readonly project: TestProject;
  git(...args: string[]): string;
  /** Commits everything and returns the commit's id. */
  commit(message: string): string;
  /** The first commit. */
  readonly base: string;
}

const identity = { name: "Ada", email: "ada@example.com" };

/** Environment that keeps the machine's own git settings out. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_AUTHOR_NAME: identity.name,
    GIT_AUTHOR_EMAIL: identity.email,
    GIT_COMMITTER_NAME: identity.name,
    GIT_COMMITTER_EMAIL: identity.email,
  };
}

/** Runs git and returns what it prints. */
export function git(folder: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd: folder, env: gitEnvironment(), encoding: "utf8" }).trim();
}

/** Turns a project into a repository with production at 1.0.0. */
export async function gitProject(project: TestProject): Promise<GitProject> {
  const instruction = "Answer only from the context.";
  project.write(".gitignore", ".promptgate/runs/\n.promptgate/cache/\n.promptgate/baselines/\n");
  await withCandidate(project, instruction);
  project.write("prompts/greeter.prompt.yml", aPrompt("1.0.0", instruction));
  git(project.folder, "init", "-q", "-b", "main");
  const commit = (message: string): string => {
    git(project.folder, "add", "-A");
    git(project.folder, "commit", "-q", "-m", message);
    return git(project.folder, "rev-parse", "HEAD");
  };
  const base = commit("First version");
  return {
    ...checkout(project.folder),
    project,
    git: (...args) => git(project.folder, ...args),
    commit,
    base,
  };
}
