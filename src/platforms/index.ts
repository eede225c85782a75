import * as z from "zod";
import { ofKind, parseOptions } from "../domain/kinds.ts";
import type { Platform } from "../domain/platform.ts";
import type { Clock } from "../domain/ports.ts";

/** A platform's options, the same as those of its registry, and how it is opened with them. */
interface PlatformFactory<Schema extends z.ZodType = z.ZodType> {
  readonly settings: Schema;
  open(settings: z.infer<Schema>, clock: Clock): Platform;
}

/** Kind -> its file, read by whoever needs the platform. */
export const platforms = {
  langfuse: async () => (await import("./langfuse.ts")).langfusePlatform,
  langsmith: async () => (await import("./langsmith.ts")).langsmithPlatform,
  logfire: async () => (await import("./logfire.ts")).logfirePlatform,
  phoenix: async () => (await import("./phoenix.ts")).phoenixPlatform,
  promptlayer: async () => (await import("./promptlayer.ts")).promptLayerPlatform,
} as const satisfies Record<string, () => Promise<PlatformFactory>>;

/** The platform of that kind with these options. Throws `CONFIG_INVALID` for a kind or an option that does not exist. */
export async function openPlatform(
  kind: string,
  options: Readonly<Record<string, unknown>>,
  clock: Clock,
): Promise<Platform> {
  const load: () => Promise<PlatformFactory> = ofKind(platforms, kind, "platforms");
  const { settings, open } = await load();
  return open(parseOptions(settings, options, `platforms.${kind}`), clock);
}
