import { expect, it } from "vitest";
import { API_KEY, startPromptLayer } from "../loopback/promptlayer-server.ts";
import { followRollout } from "./platform-rollout.ts";

const NUMBERS: Readonly<Record<string, number>> = { "1.0.0": 1, "1.1.0": 2 };

it("gates, publishes, stages, exposes step by step and rolls back on PromptLayer, with a client that follows", async () => {
  const { shelf, traffic, ...server } = await startPromptLayer();
  const { baseUrl } = server;
  const access = { baseUrl, apiKey: "${PROMPTLAYER_API_KEY}" };
  let id = 0;
  await followRollout({
    kind: "promptlayer",
    registry: access,
    // Three thousand people an hour are counted, not read one by one.
    metrics: { ...access, unit: "none", tag: "production" },
    environment: { PROMPTLAYER_API_KEY: API_KEY },
    options: { baseUrl, apiKey: API_KEY },
    stored: (prompt) => shelf.versionsOf(prompt).length,
    report(unit, version, at) {
      id += 1;
      traffic.requests.push({
        id,
        startTime: new Date(at).toISOString(),
        promptId: shelf.idOf("greeter"),
        promptVersion: NUMBERS[version] ?? 0,
        status: "SUCCESS",
        tags: ["production"],
        metadata: { user_id: unit },
        price: 0.001,
        latency: 0.5,
        scores: [],
      });
    },
  });
  expect(shelf.labelsOf("greeter").find(({ name }) => name === "production")).toMatchObject({ version: 1 });
  const companions = shelf.versionsOf("greeter.rollout");
  expect(shelf.labelsOf("greeter.rollout")).toMatchObject([
    { name: "production", version: companions.length },
  ]);
  expect(JSON.parse(String(companions.at(-1)?.metadata?.["promptgate"]))).toMatchObject({
    release: { stable: "1.0.0", candidate: { weight: 0 } },
  });
  await server.close();
}, 180_000);
