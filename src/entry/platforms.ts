import { platformOptions } from "../config/platform-schema.ts";
import { GateError } from "../domain/errors.ts";
import type { Platform } from "../domain/platform.ts";
import type { Project } from "../domain/project.ts";
import { openPlatform } from "../platforms/index.ts";
import type { CommandContext } from "./context.ts";

/** Where a config says how to reach platforms. */
export type PlatformSettings = Pick<Project, "configFile" | "registry"> & {
  readonly platforms: Readonly<Partial<Project["platforms"]>>;
};

/**
 * A platform by its kind: with its own settings, else with those of the registry when that is the same platform. Throws
 * `CONFIG_INVALID` where the config has neither.
 */
export async function openPlatformOf(
  { configFile, registry, platforms }: PlatformSettings,
  kind: string,
  { environment, clock }: Pick<CommandContext, "environment" | "clock">,
): Promise<Platform> {
  const own = Object.hasOwn(platforms, kind) ? platforms[kind] : undefined;
  if (own !== undefined) {
    return openPlatform(kind, platformOptions({ configFile, kind }, own, environment), clock);
  }
  const { kind: registryKind, ...options } = registry;
  if (registryKind === kind) return openPlatform(kind, options, clock);
  throw new GateError("CONFIG_INVALID", `${configFile}: nothing says how to reach ${kind}`, {
    hint: `add platforms: { ${kind}: { … } } with the options that a registry of that kind has`,
  });
}
