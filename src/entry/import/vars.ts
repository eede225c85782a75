import { extname } from "node:path";
import { parseSource } from "../../config/document-file.ts";
import { visibleLine } from "../../domain/visible.ts";
import {
  isFields,
  readText,
  referencedFile,
  type Fields,
  type ImportSource,
  type Located,
} from "./located.ts";
import type { RawTest } from "./tests.ts";
import { fillNames, templateLogic } from "./templates.ts";

/** Rounds in which promptfoo fills variables into variables. */
const ROUNDS = 5;
/** Cases that one test may stand for; a few lists multiply to more than anybody meant. */
const MOST_COMBINATIONS = 10_000;
const BINARY = /^\.(?:pdf|png|jpe?g|gif|webp|bmp|svg|mp[34]|wav|ogg|webm|mov|avi|mkv|xlsx?)$/;

/** Every combination of the values of lists of texts; other lists are values themselves. Null when there are too many. */
function combinations(vars: Fields): Record<string, unknown>[] | null {
  let all: Record<string, unknown>[] = [{}];
  for (const [name, value] of Object.entries(vars)) {
    const values: readonly unknown[] = Array.isArray(value) && typeof value[0] === "string" ? value : [value];
    if (all.length * values.length > MOST_COMBINATIONS) return null;
    all = all.flatMap((combination) => values.map((each) => ({ ...combination, [name]: each })));
  }
  return all;
}

/** The value of a variable with its file read; undefined, with a note, when it cannot be. */
async function fileValue(source: ImportSource, place: Located, value: unknown): Promise<unknown> {
  const file = referencedFile(value);
  if (file === null) return value ?? "";
  const suffix = extname(file).toLowerCase();
  if (BINARY.test(suffix) || file.includes("*")) {
    source.notes.lost(place, `${visibleLine(file, 120)}: only files of text are read, one by one`);
    return undefined;
  }
  const text = await readText(source, place, file);
  if (text === null) return undefined;
  if (suffix !== ".yaml" && suffix !== ".yml") return text.trim();
  const parsed = parseSource(file, text);
  if (parsed.kind === "parsed") return JSON.stringify(parsed.document.value);
  source.notes.lost(place, `${visibleLine(file, 120)} is no YAML`);
  return undefined;
}

/** Fills variables into the texts of others, as promptfoo does before it renders a prompt. */
function resolved(vars: Fields): Fields {
  let current: Record<string, unknown> = { ...vars };
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = Object.entries(current).map(([name, value]) => {
      if (typeof value !== "string") return [name, value] as const;
      const filled = fillNames(value, (inner) => {
        const other = Object.hasOwn(current, inner) ? current[inner] : undefined;
        return typeof other === "string" || typeof other === "number" ? String(other) : null;
      });
      return [name, filled.replace(/\n$/, "")] as const;
    });
    current = Object.fromEntries(next);
  }
  return current;
}

/**
 * The variables of every case that a test stands for: files read, lists of texts multiplied out, references filled in.
 * Null, with a note, when one of them cannot be had: without it the case would ask something else.
 */
export async function casesOfVars(
  source: ImportSource,
  { place, fields }: RawTest,
): Promise<Fields[] | null> {
  const vars = isFields(fields["vars"]) ? fields["vars"] : {};
  const options = isFields(fields["options"]) ? fields["options"] : {};
  const sets = options["disableVarExpansion"] === true ? [vars] : combinations(vars);
  if (sets === null) {
    source.notes.lost(
      place,
      `the test is not carried: its lists multiply to more than ${MOST_COMBINATIONS} cases`,
    );
    return null;
  }
  const cases: Fields[] = [];
  for (const set of sets) {
    const values: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(set)) {
      const read = await fileValue(source, place, value);
      if (read === undefined) {
        source.notes.lost(
          place,
          `the test is not carried: its variable ${visibleLine(name, 60)} cannot be read`,
        );
        return null;
      }
      values[name] = read;
    }
    const filled = resolved(values);
    const logic = Object.values(filled)
      .map((value) => (typeof value === "string" ? templateLogic(value) : null))
      .find((found) => found !== null && found.endsWith("}"));
    if (logic !== undefined && logic !== null) {
      source.notes.lost(
        place,
        `the test is not carried: ${visibleLine(logic, 60)} in a variable is template logic`,
      );
      return null;
    }
    cases.push(filled);
  }
  return cases;
}
