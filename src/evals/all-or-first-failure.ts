/**
 * The values of all promises, or the first failure in their order; in both cases when all of them have ended. With
 * `Promise.all` a call would go on, and write to a journal that is closed, after the run had ended.
 */
export async function allOrFirstFailure<Values extends readonly unknown[]>(promises: {
  readonly [Index in keyof Values]: Promise<Values[Index]>;
}): Promise<Values> {
  const outcomes: PromiseSettledResult<unknown>[] = await Promise.allSettled(promises);
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  }) as unknown as Values;
}
