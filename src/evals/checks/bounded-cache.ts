/** Remembers the `limit` most recently used results of `make`; what `make` throws is not remembered. */
export function boundedCache<Value>(limit: number): (key: string, make: () => Value) => Value {
  const values = new Map<string, Value>();
  return (key, make) => {
    const known = values.get(key);
    const value = known ?? make();
    if (known !== undefined) values.delete(key);
    values.set(key, value);
    if (values.size > limit) values.delete(values.keys().next().value as string);
    return value;
  };
}
