import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { envelopeOf } from "../../src/http/langsmith-commits.ts";
import { API_KEY, startLangsmith } from "../loopback/langsmith-server.ts";
import { followRollout } from "./platform-rollout.ts";

it("gates, publishes, stages, exposes step by step and rolls back on LangSmith, with a client that follows", async () => {
  const { hub, traffic, ...server } = await startLangsmith();
  const { baseUrl } = server;
  const access = { baseUrl, apiKey: "${LANGSMITH_API_KEY}" };
  await followRollout({
    kind: "langsmith",
    registry: access,
    metrics: { ...access, project: "production" },
    environment: { LANGSMITH_API_KEY: API_KEY },
    options: { baseUrl, apiKey: API_KEY },
    stored: (prompt) => hub.commitsOf(prompt).length,
    report(unit, version, at) {
      const id = randomUUID();
      traffic.runs.push({
        id,
        trace_id: id,
        session_id: traffic.projects.get("production") ?? "",
        start_time: new Date(at).toISOString(),
        end_time: new Date(at + 500).toISOString(),
        status: "success",
        error: null,
        total_cost: "0.001",
        metadata: {
          lc_hub_repo: "greeter",
          lc_hub_commit_hash: hub.commitsOf("greeter")[version === "1.0.0" ? 0 : 1]?.commit_hash,
          user_id: unit,
        },
      });
    },
  });
  expect(hub.tagsOf("greeter")).toMatchObject({ production: hub.commitsOf("greeter")[0]?.id });
  const companions = hub.commitsOf("greeter--rollout");
  expect(hub.tagsOf("greeter--rollout")).toEqual({ production: companions.at(-1)?.id });
  expect(envelopeOf(companions.at(-1)?.manifest)).toMatchObject({
    release: { stable: "1.0.0", candidate: { weight: 0 } },
  });
  await server.close();
}, 180_000);
