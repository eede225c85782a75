import http from "node:http";
import { createPromptClient } from "promptgate/client";
import { createAnswers, PROMPT } from "./answers.mjs";

const LARGEST_BODY = 10_000;

/** What is served when the service starts while the registry is down; its lines count for no version. */
const fallback = {
  [PROMPT]: {
    version: "built-in",
    model: "assistant",
    messages: [
      { role: "system", content: "You answer customers of {{company}}. Answer only from the context." },
      { role: "user", content: "Context: {{context}}\n\nQuestion: {{question}}" },
    ],
  },
};

async function readJson(request) {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    if (text.length > LARGEST_BODY) return null;
  }
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function send(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/**
 * A help chat: `POST /chat` with `{"user","question"}` answers, with the prompt that the rollout has for this user. Staff
 * name the label `staging` to try what is in no rollout yet. `record` gets a line of metrics for each answer, `onProblem`
 * what went wrong.
 */
export function createChatService({ model, record, onProblem, clock = Date, ...options }) {
  const prompts = createPromptClient({ ...options, clock, onProblem, fallback });
  const answer = createAnswers({ prompts, model, record, clock });

  async function chat(request, response) {
    const asked = await readJson(request);
    if (typeof asked?.user !== "string" || typeof asked.question !== "string") {
      send(response, 400, { error: 'expected {"user":"…","question":"…"}' });
      return;
    }
    // Who may try unproven versions is for a real service to check.
    const label = asked.label === "staging" ? "staging" : undefined;
    send(response, 200, await answer({ ...asked, label }));
  }

  /** What is known of the registry, without waiting for it. */
  function health(response, label) {
    const { version, freshness, problem } = prompts.peek(PROMPT, { unit: "health", label });
    send(response, 200, { version, freshness, problem: problem && problem.message });
  }

  const server = http.createServer((request, response) => {
    const route = `${request.method} ${request.url}`;
    if (route === "GET /health") health(response);
    else if (route === "GET /health?label=staging") health(response, "staging");
    else if (route === "POST /chat") {
      chat(request, response).catch((error) => {
        onProblem?.({ prompt: PROMPT, error });
        send(response, 500, { error: "there is no answer at the moment" });
      });
    } else send(response, 404, { error: "POST /chat or GET /health" });
  });
  // Longer than whoever is in front keeps a connection: one that is closed while it is used again is a failed request.
  server.keepAliveTimeout = 75_000;
  return server;
}
