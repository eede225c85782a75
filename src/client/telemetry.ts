import type { ServedPrompt } from "./served.ts";

/** The part of `@opentelemetry/api` that is used: pass the module itself. */
export interface Telemetry {
  readonly trace: {
    getActiveSpan(): { setAttributes(attributes: Record<string, string>): unknown } | undefined;
  };
}

interface SpanMarker {
  /** Settled once it is known whether there is telemetry. */
  readonly ready: Promise<void> | null;
  /** Marks the active span with what is served. */
  readonly mark: (served: ServedPrompt) => void;
}

// Not a literal where it is imported: a bundler must not look for a package that need not be there.
const names = ["@opentelemetry/api"];

/** Marks spans through what was handed in, or through `@opentelemetry/api` where it is installed; null: not at all. */
export function spanMarker(given: Telemetry | null | undefined): SpanMarker {
  let telemetry = given;
  const search = async (): Promise<void> => {
    telemetry = (await import(names[0]!).catch(() => null)) as Telemetry | null;
  };
  return {
    ready: given === undefined ? search() : null,
    mark: ({ name, version, variant }) =>
      telemetry?.trace.getActiveSpan()?.setAttributes({
        "prompt.name": name,
        "prompt.version": version,
        "prompt.variant": variant,
      }),
  };
}
