import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    // It imports JSON in a way that Node 20 does not take.
    server: { deps: { inline: [/@actions\/(?:languageservice|workflow-parser|expressions)/] } },
  },
});
