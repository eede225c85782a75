import { readFileSync } from "node:fs";
import { join } from "node:path";

type Vectors = typeof import("../vectors/statistics.json");

/** Published figures of the methods, computed independently of this project; six decimals unless a key says otherwise. */
export const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "vectors", "statistics.json"), "utf8"),
) as Vectors;
