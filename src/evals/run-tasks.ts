/**
 * Runs `work` on every item with at most `concurrency` at once, in order of the items. Takes items as it goes, so that
 * a hundred thousand of them need no hundred thousand promises. The first failure stops taking and is thrown when what
 * had started is done; an aborted signal does the same with its reason.
 */
export async function runTasks<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
  { concurrency, signal }: { readonly concurrency: number; readonly signal: AbortSignal },
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | null = null;
  const worker = async (): Promise<void> => {
    while (failure === null && !signal.aborted) {
      const next = iterator.next();
      if (next.done === true) return;
      try {
        await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
  signal.throwIfAborted();
}
