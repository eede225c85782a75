import * as z from "zod";

function isAddress(text: string): boolean {
  const address = URL.canParse(text) ? new URL(text) : null;
  if (address === null || !/^https?:$/.test(address.protocol)) return false;
  return address.username + address.password + address.search + address.hash === "";
}

/** The address of a platform, without a slash at the end. */
export const platformAddress = z
  .string()
  .refine(isAddress, "expected an http or https address without password, query or fragment")
  .transform((text) => text.replace(/\/+$/, ""));

const TIMEOUT = /^(\d{1,3}(?:\.\d{1,3})?)s$/;

/** `10s` -> milliseconds: the deadline of one call. */
export const platformTimeout = z
  .string()
  .refine((text) => Number(TIMEOUT.exec(text)?.[1]) > 0, "expected a number of seconds such as 10s")
  .transform((text) => Number(TIMEOUT.exec(text)?.[1]) * 1000);

/** A key that the config gets from the environment. */
export const platformKey = z
  .string()
  .regex(/^[\x21-\x7e]+$/, "expected a key: visible ASCII characters without spaces");
