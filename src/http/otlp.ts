/** One finished span as OpenTelemetry's protocol writes it in JSON. */
export interface OtlpSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  /** Those that are undefined are left out. */
  readonly attributes: Readonly<Record<string, string | number | boolean | undefined>>;
}

const INTERNAL = 1;

function nanoseconds(milliseconds: number): string {
  return `${BigInt(Math.round(milliseconds)) * 1_000_000n}`;
}

function valueOf(value: string | number | boolean): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: value } : { doubleValue: value };
}

function attributesOf(attributes: OtlpSpan["attributes"]): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: valueOf(value) }],
  );
}

/** The body of a request to `/v1/traces`; `scope` names the library that is said to have made the spans. */
export function otlpRequest(service: string, spans: readonly OtlpSpan[], scope = service): object {
  const written = spans.map(({ startMs, endMs, attributes, ...span }) => ({
    ...span,
    kind: INTERNAL,
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: attributesOf(attributes),
  }));
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ "service.name": service }) },
        scopeSpans: [{ scope: { name: scope }, spans: written }],
      },
    ],
  };
}
