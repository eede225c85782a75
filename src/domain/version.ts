/** Parsed `MAJOR.MINOR.PATCH`. */
export type VersionParts = readonly [major: number, minor: number, patch: number];

const VERSION = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/;

/** The three numbers of a version, or null when the text is not `MAJOR.MINOR.PATCH`. */
export function parseVersion(text: string): VersionParts | null {
  const match = VERSION.exec(text);
  return match === null ? null : [Number(match[1]), Number(match[2]), Number(match[3])];
}

/** Negative when `left` is older, positive when it is newer, 0 when equal. Both must be `MAJOR.MINOR.PATCH`. */
export function compareVersions(left: string, right: string): number {
  const a = parseVersion(left);
  const b = parseVersion(right);
  if (a === null || b === null) throw new RangeError(`not MAJOR.MINOR.PATCH: ${a === null ? left : right}`);
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
