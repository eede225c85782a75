// A build begins empty: what was renamed or removed must not be shipped.
import { rmSync } from "node:fs";

rmSync("lib", { recursive: true, force: true });
