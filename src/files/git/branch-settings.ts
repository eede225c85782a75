import * as z from "zod";

/** A branch name that git takes, and that no git command takes for an option. */
function isBranchName(text: string): boolean {
  const isPlain = /^[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}$/.test(text);
  return isPlain && text.split("/").every((part) => /^[^.].*$/.test(part) && !/\.\.|\.lock$|\.$/.test(part));
}

/** Relative, below the top of the branch, and nothing that git keeps to itself. */
function isPathOnBranch(text: string): boolean {
  return (
    text === "" ||
    text.split("/").every((part) => /^[A-Za-z0-9._-]+$/.test(part) && !/^(?:\.|\.\.|\.git)$/i.test(part))
  );
}

/** A token in an address would stand in files, logs and the list of processes. */
function hasNoPassword(text: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\/[^/@]*:[^/@]*@/i.test(text);
}

/** What stands beside `kind: git` in the config. */
export function branchSettings(branch: string) {
  return z.strictObject({
    remote: z
      .string()
      .min(1)
      .refine((text) => !text.startsWith("-"), "expected the name of a remote, a URL or a path")
      .refine(
        hasNoPassword,
        "an address holds no password: git's credential helper or http.extraHeader hands it over",
      )
      .default("origin"),
    branch: z.string().refine(isBranchName, "expected the name of a branch").default(branch),
    path: z
      .string()
      .refine(isPathOnBranch, "expected a folder on the branch, relative to its top")
      .default(""),
  });
}
