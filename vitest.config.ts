import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Most of the time goes into waiting for processes and servers: more workers than cores finish sooner.
    maxWorkers: 4,
    // Loading the sources anew for each file took a third of the processor time; no test changes a module.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    // It imports JSON in a way that Node 20 does not take.
    server: { deps: { inline: [/@actions\/(?:languageservice|workflow-parser|expressions)/] } },
  },
});
