import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { aPrompt } from "../e2e/project.ts";
import { loopbackGitHub, type LoopbackGitHub } from "../loopback/github.ts";
import { actionCheckout, type ActionCheckout } from "./action-checkout.ts";

let github: LoopbackGitHub;
let checkout: ActionCheckout;
let proxy: Server;
let tunnels: string[];

beforeEach(async () => {
  github = await loopbackGitHub();
  checkout = await actionCheckout(github);
  tunnels = [];
  proxy = createServer((_, response) => response.writeHead(405).end());
  proxy.on("connect", (request, socket) => {
    tunnels.push(request.url ?? "");
    // Whatever the name, the only server there is.
    const server = connect(Number(new URL(github.url).port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      server.pipe(socket).pipe(server);
    });
    server.on("error", () => socket.destroy());
    socket.on("error", () => server.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  checkout.remove();
  proxy.closeAllConnections();
  proxy.close();
  await github.close();
});

it("asks GitHub through the proxy that the environment names", async () => {
  checkout.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", "Answer in one word."));
  checkout.commit("Change the prompt");
  checkout.merge();
  const run = await checkout.run({
    environment: {
      GITHUB_API_URL: "http://github.example",
      http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    },
  });
  expect(run.outputs["comment-url"]).toContain("issuecomment-");
  expect(new Set(tunnels)).toEqual(new Set(["github.example:80"]));
  expect(github.state.comments).toHaveLength(1);
});
