// SHA-256 (FIPS 180-4) in plain JavaScript: the runtime client runs where `node:crypto` does not, and for inputs as short
// as a user id a call into native code costs as much as the whole hash. The tests hold it to `node:crypto`.

/** The first 32 bits of the fractional part of a number's root, as FIPS 180-4 derives its constants. */
function fraction(root: number): number {
  return Math.floor((root % 1) * 2 ** 32) | 0;
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) {
    if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  }
  return primes;
}

const roundConstants = Int32Array.from(firstPrimes(64), (prime) => fraction(Math.cbrt(prime)));
const initialState = Int32Array.from(firstPrimes(8), (prime) => fraction(Math.sqrt(prime)));

const encoder = new TextEncoder();
const schedule = new Int32Array(64);
const state = new Int32Array(8);
let message = new Int32Array(64);

/** How many words a message of so many bytes takes with its padding: whole blocks of 16. */
function paddedWords(bytes: number): number {
  return (((bytes + 8) >> 6) + 1) << 4;
}

function clearMessage(bytes: number): void {
  const words = paddedWords(bytes);
  if (message.length < words) message = new Int32Array(words);
  else message.fill(0, 0, words);
}

function putByte(index: number, byte: number): void {
  message[index >> 2]! |= byte << (24 - ((index & 3) << 3));
}

/** Puts the UTF-8 bytes of a text into `message` and returns their number. ASCII needs no encoder. */
function putText(text: string): number {
  clearMessage(text.length);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return putBytes(encoder.encode(text));
    putByte(index, code);
  }
  return text.length;
}

function putBytes(bytes: Uint8Array): number {
  clearMessage(bytes.length);
  for (let index = 0; index < bytes.length; index++) putByte(index, bytes[index]!);
  return bytes.length;
}

function extendSchedule(offset: number): void {
  for (let i = 0; i < 16; i++) schedule[i] = message[offset + i]!;
  for (let i = 16; i < 64; i++) {
    const p = schedule[i - 15]!;
    const q = schedule[i - 2]!;
    const s0 = ((p >>> 7) | (p << 25)) ^ ((p >>> 18) | (p << 14)) ^ (p >>> 3);
    const s1 = ((q >>> 17) | (q << 15)) ^ ((q >>> 19) | (q << 13)) ^ (q >>> 10);
    schedule[i] = (schedule[i - 16]! + s0 + schedule[i - 7]! + s1) | 0;
  }
}

function compress(): void {
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + (g ^ (e & (f ^ g))) + roundConstants[i]! + schedule[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

/** The first four bytes of SHA-256 of UTF-8 text, big-endian: 0 to 2^32 - 1. Half a character counts as U+FFFD. */
export function sha256Word(text: string): number {
  const bytes = putText(text);
  const words = paddedWords(bytes);
  putByte(bytes, 0x80);
  message[words - 2] = Math.floor(bytes / 2 ** 29);
  message[words - 1] = bytes << 3;
  state.set(initialState);
  for (let offset = 0; offset < words; offset += 16) {
    extendSchedule(offset);
    compress();
  }
  return state[0]! >>> 0;
}
