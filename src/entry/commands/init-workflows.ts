import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { NewFile } from "./init-files.ts";

const FOLDER = ".github/workflows/";
/** What the workflows call as long as nobody has said where the Action is published. */
const PLACEHOLDER = /OWNER\/promptgate((?:\/\w+)?)@v1( # pin it to a full commit id)?/g;

const ACTION = /^([\w.-]+\/[\w.-]+)@([\w./-]+)$/;
const COMMIT = /^[0-9a-f]{40}$/;

/** The files with the Action in the place of its placeholder. Throws `USAGE` for what is no `OWNER/REPOSITORY@REF`. */
export function withAction(files: readonly NewFile[], action: string): NewFile[] {
  const [, repository, reference] = ACTION.exec(action) ?? [];
  if (repository === undefined || reference === undefined) {
    throw new GateError(
      "USAGE",
      `--action: expected OWNER/REPOSITORY@COMMIT, got "${visibleLine(action, 100)}"`,
      { hint: "name the repository that publishes the Action, and a full commit id of it" },
    );
  }
  const advice = COMMIT.test(reference) ? "" : " # pin it to a full commit id";
  return files.map(({ path, text }) => ({
    path,
    text: path.startsWith(FOLDER)
      ? text.replace(PLACEHOLDER, (_, part: string) => `${repository}${part}@${reference}${advice}`)
      : text,
  }));
}
