import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { runPromote } from "../../../src/entry/commands/promote.ts";
import { runRollback } from "../../../src/entry/commands/rollback.ts";
import { runRolloutOrder } from "../../../src/entry/commands/rollout-order.ts";
import { signature } from "../../../src/entry/events/event.ts";
import { removeRollouts, rolloutProject, type RolloutProject } from "../rollout/rollout-project.ts";

const SECRET = "a-secret-of-the-test-0123";

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** What it answers from now on. */
  answer: number;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(removeRollouts);

async function receiver(): Promise<Receiver> {
  const received: Received[] = [];
  const made = { url: "", received, answer: 204 };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => void (body += chunk.toString()));
    request.on("end", () => {
      if (made.answer < 300) received.push({ headers: request.headers, body });
      response.writeHead(made.answer, made.answer === 302 ? { location: "/elsewhere" } : {}).end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  made.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=hidden`;
  return made;
}

async function listening(url: string): Promise<RolloutProject> {
  return rolloutProject({
    config: { notify: { url: "${WEBHOOK_URL}", secret: "${WEBHOOK_SECRET}" } },
    environment: { WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET },
  });
}

const plain = { json: true, verbose: false } as const;

async function promoteAnyway({ context }: RolloutProject, version: string): Promise<void> {
  const order = {
    version: `greeter@${version}`,
    to: "production",
    dryRun: false,
    override: true,
    reason: "hotfix",
  };
  expect(await runPromote(context, { ...plain, ...order })).toBe(0);
}

function types({ received }: Receiver): string[] {
  return received.map(({ body }) => JSON.parse(body).type);
}

describe("events", () => {
  it("tell each transition once, with its signature, and no hourly wait", async () => {
    const hook = await receiver();
    const made = await listening(hook.url);
    await made.start("1.1.0");
    await made.advance();
    made.wait(1);
    await made.advance();
    made.wait(0.25);
    await made.advance();
    expect(types(hook)).toEqual(["queued", "staged", "held"]);
    const [, staged] = hook.received;
    expect(JSON.parse(staged?.body ?? "")).toMatchObject({
      schema: "promptgate/event@1",
      prompt: "greeter",
      version: "1.1.0",
      to: { step: "staging", weight: 0 },
    });
    const sentAt = made.context.clock.now() - 1.25 * 3_600_000;
    expect(staged?.headers["promptgate-signature"]).toBe(signature(SECRET, staged?.body ?? "", sentAt));
    expect(new Set(hook.received.map(({ headers }) => headers["promptgate-event"])).size).toBe(3);
  });

  it.each([503, 302, 404])("that met a receiver with HTTP %i arrive with a later look", async (status) => {
    const hook = await receiver();
    const made = await listening(hook.url);
    hook.answer = status;
    await made.start("1.1.0");
    expect((await made.advance()).exitCode).toBe(0);
    expect(await made.state()).toMatchObject({ phase: "staging" });
    expect(hook.received).toEqual([]);
    hook.answer = 200;
    await made.advance();
    expect(types(hook).slice(0, 2)).toEqual(["queued", "staged"]);
    await made.advance();
    expect(types(hook).filter((type) => type === "queued")).toHaveLength(1);
  });

  it("never block a rollout, and no message names address or secret", async () => {
    const { url } = await receiver();
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const made = await listening(url);
    await made.start("1.1.0");
    expect((await made.advance()).exitCode).toBe(0);
    expect(made.said.join("\n")).toContain("did not arrive (ECONNREFUSED)");
    expect(made.said.join("\n")).not.toMatch(/hidden|127\.0\.0\.1|a-secret/);
  });

  it("are not sent, which is said, while the environment lacks the secret", async () => {
    const hook = await receiver();
    const made = await listening(hook.url);
    Object.assign(made.context.environment, { WEBHOOK_SECRET: undefined });
    await made.start("1.1.0");
    expect((await made.advance()).exitCode).toBe(0);
    expect(made.said.join("\n")).toContain("WEBHOOK_SECRET is not set");
    Object.assign(made.context.environment, { WEBHOOK_SECRET: SECRET });
    await made.advance();
    expect(types(hook).slice(0, 2)).toEqual(["queued", "staged"]);
  });

  it("of a person's order leave at once", async () => {
    const hook = await receiver();
    const made = await listening(hook.url);
    await made.start("1.1.0");
    await made.advance();
    const options = {
      json: true,
      verbose: false,
      prompt: "greeter",
      verb: "pause",
      reason: "lunch",
    } as const;
    await runRolloutOrder(made.context, options);
    expect(types(hook).at(-1)).toBe("paused");
  });

  it("of a rollback leave at once, after the traffic", async () => {
    const hook = await receiver();
    const made = await listening(hook.url);
    await promoteAnyway(made, "1.1.0");
    expect(types(hook)).toEqual(["promoted"]);
    expect(await runRollback(made.context, { ...plain, prompt: "greeter", reason: "wrong" })).toBe(0);
    expect(types(hook)).toEqual(["promoted", "rolled-back"]);
  });

  it("of a rollback wait for the next look where nobody listens, and the rollback is none the worse", async () => {
    const hook = await receiver();
    const made = await listening(hook.url);
    await promoteAnyway(made, "1.1.0");
    hook.answer = 503;
    expect(await runRollback(made.context, { ...plain, prompt: "greeter", reason: "wrong" })).toBe(0);
    expect(made.said.join("\n")).toContain("did not arrive (HTTP 503)");
    hook.answer = 204;
    await made.advance();
    expect(types(hook)).toEqual(["promoted", "rolled-back"]);
  });
});

describe("the verification in docs/events.md", () => {
  it("takes what was signed, and nothing else", async () => {
    const page = readFileSync("docs/events.md", "utf8");
    const [, snippet] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
    const made = await listening("http://127.0.0.1:1");
    const file = join(made.folder, "verify.mjs");
    const body = '{"id":"1"}';
    const now = Date.now();
    const cases = [
      [signature(SECRET, body, now), body],
      [signature(SECRET, body, now), '{"id":"2"}'],
      [signature("another-secret-0123456", body, now), body],
      [signature(SECRET, body, now - 600_000), body],
      ["", body],
    ];
    writeFileSync(
      file,
      `${snippet}\nconsole.log(JSON.stringify(${JSON.stringify(cases)}.map(([header, body]) => isGenuine(header, body, "${SECRET}"))));`,
    );
    const output = execFileSync(process.execPath, [file], { encoding: "utf8" });
    expect(JSON.parse(output)).toEqual([true, false, false, false, false]);
  });
});
