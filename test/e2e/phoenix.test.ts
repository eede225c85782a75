import { expect, it } from "vitest";
import { API_KEY, startPhoenix } from "../loopback/phoenix-server.ts";
import { followRollout } from "./platform-rollout.ts";

it("gates, publishes, stages, exposes step by step and rolls back on Phoenix, with a client that follows", async () => {
  const { shelf, traffic, baseUrl, close } = await startPhoenix();
  const access = { baseUrl, apiKey: "${PHOENIX_API_KEY}" };
  let spans = 0;
  await followRollout({
    kind: "phoenix",
    registry: access,
    metrics: access,
    environment: { PHOENIX_API_KEY: API_KEY },
    options: { baseUrl, apiKey: API_KEY },
    stored: (prompt) => shelf.versionsOf(prompt).length,
    report(unit, version, at) {
      spans += 1;
      const spanId = spans.toString(16).padStart(16, "0");
      traffic.spans.push({
        spanId,
        traceId: `${spanId}${spanId}`,
        start: new Date(at).toISOString(),
        end: new Date(at + 500).toISOString(),
        status: "OK",
        attributes: { "prompt.name": "greeter", "prompt.version": version, "user.id": unit },
      });
    },
  });
  const [, oldest] = shelf.versionsOf("greeter");
  expect(shelf.prompts.get("greeter")?.tags.get("production")?.versionNumber).toBe(oldest?.number);
  const [newest] = shelf.versionsOf("greeter-rollout");
  expect(shelf.prompts.get("greeter-rollout")?.tags.get("production")?.versionNumber).toBe(newest?.number);
  const ours = String(newest?.content["description"]).split("\npromptgate: ")[1] ?? "";
  expect(JSON.parse(ours)).toMatchObject({ release: { stable: "1.0.0", candidate: { weight: 0 } } });
  await close();
}, 180_000);
