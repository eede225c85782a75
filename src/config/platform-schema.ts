import * as z from "zod";
import { ProblemsError } from "../domain/problem.ts";
import { expandEnvironment } from "./environment-references.ts";
import { mustBeReference } from "./secret-paths.ts";
import { words } from "./units.ts";

/** `dataset` of a prompt whose cases are on a platform. */
export function datasetReference(platformKinds: readonly string[]) {
  return z.strictObject({
    from: z.enum(platformKinds).meta({ description: "the platform" }),
    name: words.max(300).meta({ description: "the dataset's name there" }),
    version: words
      .max(300)
      .optional()
      .meta({ description: "pins the cases by what the platform calls a version; see docs/datasets.md" }),
    digest: z
      .templateLiteral(["sha256:", z.string().regex(/^[0-9a-f]{64}$/)])
      .optional()
      .meta({ description: "pins the cases by their own digest, as plan and gate print it" }),
  });
}

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/**
 * `platforms` as a user writes it: by kind the options of the registry of that kind. References are read by the commands
 * that talk to the platform; until then they stand as they are.
 */
export function platformsSchema(platformKinds: readonly string[]) {
  const options = z.record(words, scalar).superRefine((values, context) => {
    for (const [key, value] of Object.entries(values)) {
      if (!mustBeReference(["platforms", "", key]) || String(value).includes("${")) continue;
      const message = "expected a reference such as ${VAR}: a secret must not stand in a file";
      context.addIssue({ code: "custom", path: [key], message, input: null });
    }
  });
  return z.partialRecord(z.enum(platformKinds), options).default({});
}

/** Options of a platform with their `${VAR}` read. Throws `CONFIG_INVALID` for a variable that is not set. */
export function platformOptions(
  { configFile, kind }: { readonly configFile: string; readonly kind: string },
  options: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, unknown>> {
  const document = {
    file: configFile,
    value: { platforms: { [kind]: options } },
    locate: () => ({ line: 0, column: 0 }),
  };
  const { value, problems } = expandEnvironment(document, environment, ["platforms"]);
  if (problems.length > 0) throw new ProblemsError("CONFIG_INVALID", problems);
  const { platforms } = value as { readonly platforms: Readonly<Record<string, Record<string, unknown>>> };
  return platforms[kind] ?? {};
}
