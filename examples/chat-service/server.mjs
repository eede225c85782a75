// The chat on a port of this machine: node server.mjs. REGISTRY is a folder or an address, else that of this example.
import { createWriteStream, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { embeddedModel } from "promptgate";
import { fileSource, httpSource } from "promptgate/client/adapters";
import { createChatService } from "./service.mjs";

const state = fileURLToPath(new URL(".promptgate", import.meta.url));
const { REGISTRY = `${state}/registry`, METRICS = `${state}/served.jsonl`, PORT = "8080" } = process.env;

mkdirSync(state, { recursive: true });
const log = createWriteStream(METRICS, { flags: "a" });
// Without metrics a rollout holds; that is no reason to leave customers without an answer.
log.on("error", (error) => console.error(`no metrics are written: ${error.message}`));
const server = createChatService({
  source: /^https?:/.test(REGISTRY) ? httpSource(REGISTRY) : fileSource(REGISTRY),
  model: embeddedModel({ model: "embedded-1" }),
  record: (line) => log.write(line),
  // What a server answered may be in the message, so that it is not printed as it is.
  onProblem: ({ prompt, error }) => console.error(`${prompt}: ${JSON.stringify(error.message)}`),
  // Short, to see a rollback arrive; a minute, the default, is kinder to the registry.
  ttl: 5_000,
});
server.listen(Number(PORT), "127.0.0.1", () => {
  console.log(`the chat answers on http://127.0.0.1:${server.address().port}/chat`);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close(() => log.end()));
