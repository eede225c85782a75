import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { removeRollouts, rolloutProject } from "./rollout-project.ts";

afterAll(removeRollouts);

describe("rollout advance", () => {
  it("brings a good version from staging to everybody, one step a look", async () => {
    const made = await rolloutProject();
    await made.start("1.1.0");
    const path: string[] = [];
    for (let hour = 0; hour < 24; hour++) {
      const { exitCode, document } = await made.advance();
      expect(exitCode).toBe(0);
      const [decision] = document.decisions;
      if (decision.event !== "held") path.push(`${decision.event} ${decision.step} ${decision.weight}`);
      if (decision.phase === "completed") break;
      await made.serve(1);
    }
    expect(path).toEqual([
      "staged staging 0",
      "advanced canary5 5000",
      "advanced canary25 25000",
      "advanced canary50 50000",
      "advanced full 95000",
      "completed full 100000",
    ]);
    expect(await made.labels()).toEqual({
      production: "1.1.0",
      staging: "1.1.0",
      canary: "1.1.0",
      rollback: "1.0.0",
    });
    expect(await made.registry.readRelease("greeter")).toMatchObject({
      stable: "1.1.0",
      candidate: null,
      holdback: null,
    });
  });

  it("says what a person should know of the numbers that it decided on", async () => {
    const made = await rolloutProject();
    await made.start("1.1.0");
    await made.advance();
    await made.serve(1);
    appendFileSync(join(made.folder, ".promptgate/metrics.jsonl"), "not a request\n");
    await made.serve(1);
    await made.advance();
    expect(made.said).toContain("greeter: 1 lines could not be read as requests");
  });
});
