import { sharedCache } from "./shared-cache.ts";
import type { SharedCache } from "./source.ts";

/** The part of `ioredis` (`psetex`) or `redis` (`pSetEx`) that is used. */
export type RedisClient = { get(key: string): Promise<string | null> } & (
  | { psetex(key: string, milliseconds: number, value: string): Promise<unknown> }
  | { pSetEx(key: string, milliseconds: number, value: string): Promise<unknown> }
);

/** Redis as the second level. `prefix` keeps registries apart that share one Redis. */
export function redisCache(client: RedisClient, prefix?: string): SharedCache {
  return sharedCache(
    {
      get: (key) => client.get(key),
      set: (key, value, ttlMs) =>
        "psetex" in client ? client.psetex(key, ttlMs, value) : client.pSetEx(key, ttlMs, value),
    },
    prefix,
  );
}
