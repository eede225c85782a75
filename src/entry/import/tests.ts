import { extname } from "node:path";
import { parse } from "csv-parse/sync";
import { parseJsonSource } from "../../config/json-source.ts";
import { visibleLine } from "../../domain/visible.ts";
import { csvAssertion } from "./csv-assertion.ts";
import {
  childOf,
  isCode,
  isFields,
  itemsOf,
  readLocated,
  readText,
  referencedFile,
  type Fields,
  type ImportSource,
  type Located,
} from "./located.ts";

/** One test with what applies to it: its own keys over those of its scenario and of `defaultTest`. */
export interface RawTest {
  readonly place: Located;
  readonly fields: Fields;
  /** Where the fields come from, the weakest first. */
  readonly layers: readonly Located[];
  /** Assertions with their places: of `defaultTest`, of the scenario, of the test. */
  readonly assertions: readonly Located[];
}

const NO_TEST: Fields = {};

function fieldsOf({ value }: Located): Fields {
  return isFields(value) ? value : NO_TEST;
}

/** A CSV file's rows as tests; cells after promptfoo's `__` columns become assertions. */
function csvTests(source: ImportSource, place: Located, file: string, text: string): Located[] {
  let rows: { record: Record<string, string>; info: { lines: number } }[];
  try {
    rows = parse(text, { columns: true, bom: true, info: true, relax_quotes: true, skip_empty_lines: true });
  } catch (error) {
    source.notes.lost(place, `${visibleLine(file, 120)} is no CSV: ${visibleLine(String(error), 120)}`);
    return [];
  }
  return rows.map(({ record, info }) => {
    const document = { file, value: {}, locate: () => ({ line: info.lines, column: 1 }) };
    const vars: Record<string, string> = {};
    const assertions: unknown[] = [];
    const special: Record<string, unknown> = {};
    const metadata: Record<string, string> = {};
    for (const [column, cell] of Object.entries(record)) {
      if (column.startsWith("__expected")) {
        if (cell.trim() !== "") assertions.push(csvAssertion(cell));
      } else if (!column.startsWith("__")) vars[column] = cell;
      else if (column.startsWith("__metadata:") && cell !== "")
        metadata[column.slice("__metadata:".length)] = cell;
      else if (cell !== "") special[column] = cell;
    }
    const { __metric: metric, __description: description, __threshold: threshold, ...rest } = special;
    const assert = assertions.map((assertion) => ({
      ...(assertion as Fields),
      ...(metric === undefined ? {} : { metric }),
    }));
    const value = {
      vars,
      assert,
      metadata,
      ...(description === undefined ? {} : { description }),
      ...(threshold === undefined ? {} : { threshold: Number(threshold) }),
      ...rest,
    };
    return { document: { ...document, value }, path: [], value };
  });
}

function jsonLineTests(source: ImportSource, file: string, text: string): Located[] {
  return text.split("\n").flatMap((line, index): Located[] => {
    if (line.trim() === "") return [];
    const parsed = parseJsonSource(file, line);
    const at = { file, value: null, locate: () => ({ line: index + 1, column: 1 }) };
    if (parsed.kind === "invalid") {
      source.notes.lost({ document: at, path: [], value: null }, parsed.problems[0]?.message ?? "is no JSON");
      return [];
    }
    const { value } = parsed.document;
    return [{ document: { ...at, value }, path: [], value }];
  });
}

async function testsOfFile(source: ImportSource, place: Located, file: string): Promise<Located[]> {
  const suffix = extname(file).toLowerCase();
  if (suffix === ".csv" || suffix === ".jsonl") {
    const text = await readText(source, place, file);
    if (text === null) return [];
    return suffix === ".csv" ? csvTests(source, place, file, text) : jsonLineTests(source, file, text);
  }
  if (!isCode(file) && ![".json", ".yaml", ".yml"].includes(suffix)) {
    source.notes.lost(place, "tests are read from .csv, .jsonl, .json, .yaml and .yml");
    return [];
  }
  const read = await readLocated(source, place, file);
  return read === null ? [] : listedTests(source, read);
}

/** Tests, files of tests and generators of tests, as a list of tests. */
async function listedTests(source: ImportSource, tests: Located): Promise<Located[]> {
  const found: Located[] = [];
  for (const place of itemsOf(tests)) {
    if (typeof place.value === "string") {
      const file = referencedFile(place.value) ?? place.value;
      if (/^[a-z]+:\/\//i.test(file)) source.notes.lost(place, "the tests live elsewhere");
      else if (file.includes("*")) source.notes.lost(place, "name each file of tests");
      else found.push(...(await testsOfFile(source, place, file)));
    } else if (isFields(place.value) && typeof place.value["path"] === "string") {
      source.notes.lost(place, "the tests are made by a program");
    } else if (isFields(place.value)) found.push(place);
    else source.notes.lost(place, "expected a test");
  }
  return found;
}

/** `defaultTest`, inline or in a file. */
async function defaultTestOf(source: ImportSource, place: Located): Promise<Located> {
  const file = referencedFile(place.value);
  if (file === null) return place;
  return (await readLocated(source, place, file)) ?? { ...place, value: {} };
}

/** Vars that stand in files of their own (`vars: file://vars.yaml`). */
async function varsOf(source: ImportSource, place: Located): Promise<Fields> {
  const vars = childOf(place, "vars");
  if (isFields(vars.value)) return vars.value;
  let merged: Fields = {};
  for (const item of itemsOf(vars)) {
    const read = await readLocated(source, item, referencedFile(item.value) ?? String(item.value));
    if (read !== null) merged = { ...merged, ...fieldsOf(read) };
  }
  return merged;
}

function mergedFields(layers: readonly Fields[], key: string): Fields {
  return Object.assign({}, ...layers.map((layer) => layer[key]).filter(isFields)) as Fields;
}

/** A test over its layers, the weakest first. */
async function layered(source: ImportSource, layers: readonly Located[]): Promise<RawTest> {
  const place = layers.at(-1) as Located;
  const all = layers.map(fieldsOf);
  const vars: Record<string, unknown> = {};
  for (const layer of layers) Object.assign(vars, await varsOf(source, layer));
  const options = mergedFields(all, "options");
  const own = options["disableDefaultAsserts"] === true ? layers.slice(1) : layers;
  return {
    place,
    layers,
    fields: {
      ...(Object.assign({}, ...all) as Fields),
      vars,
      options,
      metadata: mergedFields(all, "metadata"),
    },
    assertions: own.flatMap((layer) => itemsOf(childOf(layer, "assert"))),
  };
}

async function scenarioLayers(source: ImportSource, place: Located): Promise<Located[][]> {
  const file = referencedFile(place.value);
  const read = file === null ? place : await readLocated(source, place, file);
  if (read === null) return [];
  if (Array.isArray(read.value)) {
    const nested = await Promise.all(itemsOf(read).map((item) => scenarioLayers(source, item)));
    return nested.flat();
  }
  const config = await listedTests(source, childOf(read, "config"));
  const tests = await listedTests(source, childOf(read, "tests"));
  return config.flatMap((shared) => tests.map((test) => [shared, test]));
}

/** All tests of the config: inline, in files and from scenarios, with `defaultTest` under each. */
export async function collectTests(source: ImportSource, config: Located): Promise<RawTest[]> {
  const shared = await defaultTestOf(source, childOf(config, "defaultTest"));
  const tests = childOf(config, "tests");
  const scenarios = childOf(config, "scenarios");
  const layers = (await listedTests(source, tests)).map((test) => [test]);
  for (const place of itemsOf(scenarios)) layers.push(...(await scenarioLayers(source, place)));
  // Without any test promptfoo sends each prompt once as it is.
  if (tests.value === undefined && scenarios.value === undefined) layers.push([{ ...tests, value: {} }]);
  const collected: RawTest[] = [];
  for (const own of layers) collected.push(await layered(source, [shared, ...own]));
  return collected;
}
