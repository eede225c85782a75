import { GateError } from "../domain/errors.ts";

/** Ends work that takes longer with `TIMEOUT`, also when it does not listen to its signal. */
export function within<Value>(ms: number, work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout>;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new GateError("TIMEOUT", `no answer in ${ms} ms`));
      controller.abort();
    }, ms);
  });
  return Promise.race([work(controller.signal), deadline]).finally(() => clearTimeout(timer));
}
