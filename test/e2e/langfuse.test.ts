import { expect, it } from "vitest";
import { PUBLIC_KEY, SECRET_KEY, startLangfuse } from "../loopback/langfuse-server.ts";
import { followRollout } from "./platform-rollout.ts";

const NUMBERS: Readonly<Record<string, number>> = { "1.0.0": 1, "1.1.0": 2 };

it("gates, publishes, stages, exposes step by step and rolls back on Langfuse, with a client that follows", async () => {
  const { shelf, traffic, ...server } = await startLangfuse();
  const { baseUrl } = server;
  const access = {
    baseUrl,
    publicKey: "${LANGFUSE_PUBLIC_KEY}",
    secretKey: "${LANGFUSE_SECRET_KEY}",
  };
  await followRollout({
    kind: "langfuse",
    registry: access,
    metrics: access,
    environment: { LANGFUSE_PUBLIC_KEY: PUBLIC_KEY, LANGFUSE_SECRET_KEY: SECRET_KEY },
    options: { baseUrl, publicKey: PUBLIC_KEY, secretKey: SECRET_KEY },
    stored: (prompt) => shelf.rowsOf(prompt).length,
    report(unit, version, at) {
      const id = `${unit}-${at}`;
      traffic.observations.push({
        id,
        traceId: id,
        startTime: new Date(at).toISOString(),
        type: "GENERATION",
        name: "answer",
        environment: "production",
        level: "DEFAULT",
        version: null,
        promptName: "greeter",
        promptVersion: NUMBERS[version] ?? null,
        userId: unit,
        sessionId: null,
        latency: 0.5,
        totalCost: 0.001,
      });
    },
  });
  const holders = shelf.rowsOf("greeter").filter(({ labels }) => labels.includes("production"));
  expect(holders.map(({ version }) => version)).toEqual([1]);
  const companions = shelf.rowsOf("greeter.rollout");
  const active = companions.filter(({ labels }) => labels.includes("production"));
  expect(active.map(({ version }) => version)).toEqual([companions.length]);
  expect(active[0]?.config).toMatchObject({
    promptgate: { release: { stable: "1.0.0", candidate: { weight: 0 } } },
  });
  await server.close();
}, 180_000);
