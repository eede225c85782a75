import type { Path } from "./source-document.ts";

const SECRET_NAME = /(?:key|token|secret|password|credentials?|authorization|cookie|sig|signature)$/i;

/** Names that the user gave to entries, such as a model's key or a metric, say nothing of their values. */
function ownParts(path: Path): Path {
  if (path[0] === "metrics") return path[1] === "queries" ? path.slice(3) : path.slice(1);
  return path.slice(path[0] === "models" || path[0] === "platforms" ? 2 : 1);
}

/** True where the config expects a secret: it has to come from the environment. */
export function mustBeReference(path: Path): boolean {
  if (!["models", "registry", "metrics", "notify", "platforms"].includes(String(path[0]))) return false;
  return ownParts(path).some((part) => typeof part === "string" && SECRET_NAME.test(part));
}

/** True where a value may be a secret whatever its name, so that messages never repeat it. */
export function mayHoldSecret(path: Path): boolean {
  // An address is refused for the password in it, among other things.
  const ofMetrics = ["headers", "url", "baseUrl"];
  if (path[0] === "metrics" && ofMetrics.includes(String(path[1]))) return true;
  // The address of a webhook is often its key.
  if (path[0] === "notify") return true;
  const ofModel = ["headers", "query", "baseUrl"];
  return mustBeReference(path) || (path[0] === "models" && ofModel.includes(String(path[2])));
}
