/** Uniform numbers in [0,1). */
export type Random = () => number;

/**
 * A reproducible stream: sfc32 (Doty-Humphrey, PractRand) started from the low and high 32 bits of `seed` and run 12
 * times. The same seed gives the same numbers on every machine. Not for secrets.
 */
export function seededRandom(seed: number): Random {
  const whole = Math.abs(Math.trunc(seed));
  let a = whole | 0;
  let b = Math.floor(whole / 0x1_0000_0000) | 0;
  let c = seed < 0 ? 1 : 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}

/** A shuffled copy (Fisher-Yates). */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const copy = [...items];
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    const item = copy[index] as Item;
    copy[index] = copy[other] as Item;
    copy[other] = item;
  }
  return copy;
}
