import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import vectors from "../../schema/bucketing-vectors.json" with { type: "json" };

const DEBIAN = "/usr/lib/postgresql";
/** PostgreSQL refuses to run as root; nobody has nothing to lose. */
const NOBODY = 65_534;

/** The folder of PostgreSQL's programs, or null. */
function findPrograms(): string | null {
  const folders = existsSync(DEBIAN)
    ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, "bin"))
    : [];
  const found = folders.filter((folder) => existsSync(join(folder, "initdb"))).at(-1);
  if (found !== undefined) return found;
  console.warn(
    "the SQL of docs/bucketing.md is not tested: PostgreSQL is not installed (apt-get install postgresql)",
  );
  return null;
}

const programs = findPrograms();
const isRoot = process.getuid?.() === 0;
const identity = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** The statement of the documentation, as it is printed there. */
function documentedSelect(): string {
  const text = readFileSync(join(import.meta.dirname, "../../docs/bucketing.md"), "utf8");
  const statement = /```sql\n([^`]+?);\n```/.exec(text)?.[1];
  if (statement === undefined) throw new Error("docs/bucketing.md holds no statement");
  return statement;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

describe.runIf(programs !== null)("the documented SQL in PostgreSQL", () => {
  const folder = mkdtempSync(join(tmpdir(), "promptgate-postgres-"));
  const data = join(folder, "data");

  beforeAll(() => {
    if (isRoot) chownSync(folder, NOBODY, NOBODY);
    const settings = ["-D", data, "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync"];
    execFileSync(join(programs ?? "", "initdb"), settings, { ...identity, cwd: folder, stdio: "ignore" });
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("puts every unit of the vectors where the code does", () => {
    const rows = vectors.buckets.map(
      ({ salt, unit }, index) => `(${index}, ${literal(salt)}, ${literal(unit)})`,
    );
    // Without a server: one process that reads statements, each on one line with -j ended by an empty line.
    const statement = [
      `WITH requests(number, salt, unit) AS (VALUES ${rows.join(", ")})`,
      documentedSelect().replace("FROM requests", ", number FROM requests ORDER BY number"),
    ].join(" ");
    const { stdout, stderr, status } = spawnSync(
      join(programs ?? "", "postgres"),
      ["--single", "-j", "-D", data, "-c", "client_encoding=UTF8", "postgres"],
      {
        ...identity,
        cwd: folder,
        input: `${statement};\n\n`,
        encoding: "utf8",
        env: { PATH: "", LC_ALL: "C.UTF-8" },
      },
    );
    expect(`${status} ${stderr}`).not.toContain("ERROR");
    const found = Array.from(stdout.matchAll(/bucket = "(\d+)"/g), (match) => Number(match[1]));
    expect(found).toEqual(vectors.buckets.map(({ bucket }) => bucket));
  });
});
