export { fileSource } from "./file-source.ts";
export { httpSource, type HttpSourceOptions } from "./http-source.ts";
export {
  langfuseLinks,
  type LangfuseLink,
  type LangfuseLinkOptions,
  type LangfuseLinks,
} from "./langfuse-links.ts";
export { metricsLine, type Outcome, type ServedUnit } from "./metrics-line.ts";
export { redisCache, type RedisClient } from "./redis-cache.ts";
export { registrySource } from "./registry-source.ts";
export { sharedCache, type TextStore } from "./shared-cache.ts";
