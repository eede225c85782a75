interface Config {
  readonly labels: Readonly<Record<string, { readonly version: number }>>;
  readonly rollout: { readonly labels: Readonly<Record<string, number>> };
}

/**
 * The version that Logfire's SDKs serve to somebody whose key falls on `point` in [0,1): both walk the labels in the order
 * of the keys. Null = the code's default.
 */
export function routedTo(config: unknown, point: number): number | null {
  const { labels, rollout } = config as Config;
  let end = 0;
  for (const [label, weight] of Object.entries(rollout.labels)) {
    end += weight;
    // Sums of shares are off by the last bit.
    if (point < end - 1e-12) return labels[label]?.version ?? null;
  }
  return null;
}
