import { execFile } from "node:child_process";
import { GateError } from "../../domain/errors.ts";
import type { CommandContext } from "../context.ts";

/** The value of a git setting; "" where git or the setting is missing: then the next source is asked. */
async function gitSetting(context: CommandContext, name: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      "git",
      ["config", "--get", name],
      { cwd: context.cwd, env: { ...context.environment }, timeout: 10_000 },
      (error, output) => resolve(error === null ? output.trim() : ""),
    );
  });
}

/** Who acts: the name given, else git's user, else the user of the environment. Throws `USAGE` when nobody is known. */
export async function authorOf(context: CommandContext, named: string | undefined): Promise<string> {
  if (named !== undefined && named.trim() !== "") return named.trim();
  const [name, email] = await Promise.all([
    gitSetting(context, "user.name"),
    gitSetting(context, "user.email"),
  ]);
  if (name !== "") return email === "" ? name : `${name} <${email}>`;
  const { environment } = context;
  const user = [email, environment["GITHUB_ACTOR"], environment["USER"], environment["USERNAME"]].find(
    (candidate) => candidate !== undefined && candidate !== "",
  );
  if (user !== undefined) return user;
  throw new GateError("USAGE", "nobody knows who publishes this", {
    hint: 'pass --author "Name <email>", or set git\'s user.name',
  });
}
