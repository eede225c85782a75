import { BlockList, isIP } from "node:net";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";

const PRIVATE_NETWORKS = new BlockList();
for (const [network, prefix] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const) {
  PRIVATE_NETWORKS.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
] as const) {
  PRIVATE_NETWORKS.addSubnet(network, prefix, "ipv6");
}

/** Names that only a local network resolves: `localhost`, a container's name, `.local`, `.internal`. */
const PRIVATE_NAME = /^[^.]+$|\.(localhost|local|internal)$/;

function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  const family = isIP(host);
  return family === 0
    ? PRIVATE_NAME.test(host)
    : PRIVATE_NETWORKS.check(host, family === 4 ? "ipv4" : "ipv6");
}

function invalid(model: string, message: string, hint: string): GateError {
  return new GateError("CONFIG_INVALID", `model ${visibleLine(model)}: ${message}`, { hint });
}

/**
 * The URL that calls go to, without a trailing slash. Plain http is for this machine and private networks: anywhere
 * else prompts and keys would travel in clear text. Throws `CONFIG_INVALID`.
 */
export function serverAddress(model: string, baseUrl: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw invalid(model, "baseUrl is no http(s) URL", "write it in full, e.g. https://example.com/v1");
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid(model, "baseUrl holds a user name or password", "use apiKey: ${VARIABLE} or headers");
  }
  if (url.search !== "" || url.hash !== "") {
    throw invalid(model, "baseUrl holds a query or fragment", "move query parameters to `query`");
  }
  if (url.protocol === "http:" && !isPrivateHost(url.hostname)) {
    throw invalid(
      model,
      `baseUrl sends prompts to ${visibleLine(url.hostname)} without encryption`,
      "use https; plain http is for this machine and private networks",
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, "");
  return url;
}

/** True for OpenAI's own servers, regional ones included. */
export function isOpenaiHost(hostname: string): boolean {
  return hostname === "api.openai.com" || hostname.endsWith(".api.openai.com");
}
