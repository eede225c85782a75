import type { Clock, Log } from "../domain/ports.ts";

/** The outside world as a command sees it; tests hand in their own. */
export interface CommandContext {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** What happens meanwhile, for people: standard error. */
  readonly log: Log;
  /** Standard output: the result, or with `--json` the one document. */
  print(text: string): void;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  readonly terminal: {
    readonly color: boolean;
    readonly interactive: boolean;
    readonly width: number;
    /** Lines; undefined where nobody knows. */
    readonly height?: number | undefined;
  };
}

/** Options that every command takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly json: boolean;
  readonly verbose: boolean;
}
