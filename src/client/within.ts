import { GateError } from "../domain/errors.ts";

/** Ends work that takes more than `ms` milliseconds with `TIMEOUT`, also when it does not listen to its signal. */
export async function within<Value>(
  ms: number,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new GateError("TIMEOUT", `no answer within ${ms} ms`, { retryable: true });
      reject(error);
      controller.abort(error);
    }, ms);
  });
  try {
    return await Promise.race([work(controller.signal), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
