/** What an answer has to say, before it is put into a shape. */
export interface Answer {
  readonly text: string;
  /** 1-based numbers of the context sentences it is made of. */
  readonly sources: readonly number[];
  readonly refused: boolean;
  /** Share of the question that the context covers, in [0,1]. */
  readonly confidence: number;
}

function knownValue(key: string, answer: Answer): unknown {
  if (/^(?:sources?|citations?|references?)$/i.test(key)) return answer.sources;
  if (/^(?:answerable|found|answered|supported)$/i.test(key)) return !answer.refused;
  if (/^(?:refused|refusal|escalated?|handover|hand_over|handoff|needs_human)$/i.test(key))
    return answer.refused;
  if (/^(?:confidence|score|certainty)$/i.test(key)) return answer.confidence;
  return undefined;
}

/** The answer as one JSON object: keys whose meaning is known get it, the first other key gets the text, the rest "". */
export function renderKeys(keys: readonly string[], answer: Answer): string {
  let textGiven = false;
  const entries = keys.map((key): [string, unknown] => {
    const known = knownValue(key, answer);
    if (known !== undefined) return [key, known];
    const value = textGiven ? "" : answer.text;
    textGiven = true;
    return [key, value];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

type Schema = Readonly<Record<string, unknown>>;

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typedValue(key: string, schema: Schema, answer: Answer): unknown {
  const choices = schema["enum"];
  if (Array.isArray(choices)) return choices[0];
  const known = knownValue(key, answer);
  switch (schema["type"]) {
    case "boolean":
      return typeof known === "boolean" ? known : !answer.refused;
    case "number":
      return answer.confidence;
    case "integer":
      return answer.sources[0] ?? 0;
    case "array":
      return isSchema(schema["items"]) && schema["items"]["type"] === "string"
        ? answer.sources.map(String)
        : answer.sources;
    case "object":
      return Object.fromEntries(properties(schema, answer));
    case "null":
      return null;
    default:
      return answer.text;
  }
}

function properties(schema: Schema, answer: Answer): [string, unknown][] {
  const declared = isSchema(schema["properties"]) ? schema["properties"] : {};
  return Object.entries(declared).map(([key, property]) => [
    key,
    isSchema(property) ? typedValue(key, property, answer) : answer.text,
  ]);
}

/** The answer in the shape of an object schema's `properties`; nested references are not followed. */
export function renderSchema(schema: Schema, answer: Answer): string {
  return JSON.stringify(Object.fromEntries(properties(schema, answer)));
}
