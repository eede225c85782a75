/** Which model answers for a version, after the config was asked. */
export interface ModelIdentity {
  readonly provider: string;
  readonly model: string;
}

// What providers append to name one state of a model: dates, short dates, revisions, and the alias of the newest.
const SNAPSHOT =
  /[-@](?:20\d{2}-\d{2}-\d{2}|20\d{6}|(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])|2\d(?:0[1-9]|1[0-2])|00\d|latest)$/;

/** A model id without its snapshot: `gpt-4o-mini-2024-07-18` is of the family `gpt-4o-mini`. */
function modelFamily(model: string): string {
  return model.replace(SNAPSHOT, "");
}

export function isSameFamily(left: ModelIdentity, right: ModelIdentity): boolean {
  return left.provider === right.provider && modelFamily(left.model) === modelFamily(right.model);
}
