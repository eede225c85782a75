/**
 * One line of `doctor`: what was looked at, what was seen, and what to do about it. Texts are safe to print and never
 * hold a key.
 */
export type Finding =
  | { readonly kind: "ok"; readonly subject: string; readonly message: string }
  /** Not looked at, with the reason: never counted as in order. */
  | { readonly kind: "skipped"; readonly subject: string; readonly message: string }
  /** Works, but not as it should. */
  | {
      readonly kind: "warning";
      readonly subject: string;
      readonly message: string;
      readonly remedy: string;
    }
  /** Does not work. */
  | {
      readonly kind: "problem";
      readonly subject: string;
      readonly message: string;
      readonly remedy: string;
    };

const TOLERATED_SKEW_MS = 60_000;

/**
 * How far our clock is from the server's, by the `Date` header of an answer; `now` in milliseconds when it arrived. Looks
 * at rollouts and expiring keys go by the clock.
 */
export function clockFinding(subject: string, dateHeader: string | null, now: number): Finding {
  const theirs = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
  if (Number.isNaN(theirs)) {
    return { kind: "skipped", subject, message: "clock: the server does not say what time it has" };
  }
  const skew = now - theirs;
  const seconds = Math.round(Math.abs(skew) / 1000);
  if (Math.abs(skew) <= TOLERATED_SKEW_MS) {
    return { kind: "ok", subject, message: "clock: within a minute of the server's" };
  }
  const message = `clock: this machine is ${seconds} s ${skew > 0 ? "ahead of" : "behind"} the server`;
  return { kind: "warning", subject, message, remedy: "set the clock of this machine, e.g. with NTP" };
}
