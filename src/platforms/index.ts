import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { Platform } from "../domain/platform.ts";
import type { Clock } from "../domain/ports.ts";
import { visibleLine } from "../domain/visible.ts";

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

function isKind(kind: string): kind is keyof typeof platforms {
  return Object.hasOwn(platforms, kind);
}

/** The platform of that kind with these options. Throws `CONFIG_INVALID` for a kind or an option that does not exist. */
export async function openPlatform(
  kind: string,
  options: Readonly<Record<string, unknown>>,
  clock: Clock,
): Promise<Platform> {
  if (!isKind(kind)) {
    throw new GateError("CONFIG_INVALID", `there is no platform "${visibleLine(kind, 60)}"`, {
      hint: `known: ${Object.keys(platforms).join(", ")}`,
    });
  }
  const { settings, open } = (await platforms[kind]()) as PlatformFactory;
  const parsed = settings.safeParse(options);
  if (parsed.success) return open(parsed.data, clock);
  const issue = parsed.error.issues[0];
  const path = ["platforms", kind, ...(issue?.path ?? [])].join(".");
  throw new GateError("CONFIG_INVALID", `${visibleLine(path)}: ${visibleLine(issue?.message ?? "invalid")}`);
}
