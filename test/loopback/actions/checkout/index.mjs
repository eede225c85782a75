import { execFileSync } from "node:child_process";

const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_SHA, GITHUB_WORKSPACE } = process.env;
if (process.env["INPUT_PERSIST-CREDENTIALS"] !== "false")
  throw new Error("expected persist-credentials: false");
const git = (...args) => execFileSync("git", args, { cwd: GITHUB_WORKSPACE, stdio: "inherit" });
git("init", "-q");
git("remote", "add", "origin", `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`);
git("fetch", "-q", "--no-tags", `--depth=${process.env["INPUT_FETCH-DEPTH"]}`, "origin", GITHUB_SHA);
git("checkout", "-q", "--force", GITHUB_SHA);
