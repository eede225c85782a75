/** Milliseconds since 1970, from outside: nothing that decides reads a clock of its own. */
export interface Clock {
  now(): number;
}

/** What a person sees while work goes on. Lines arrive escaped; implementations never throw. */
export interface Log {
  info(line: string): void;
  warn(line: string): void;
}
