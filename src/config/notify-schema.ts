import * as z from "zod";
import { isHttpAddress } from "./http-address.ts";

const REFERENCE = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;

/** Shorter keys can be guessed. */
const LEAST_SECRET = 16;

/**
 * `notify` as a user writes it. Its references are read by the commands that send, so that a gate needs neither; until
 * then they stand as they are.
 */
export const notifySchema = z.strictObject({
  url: z
    .string()
    .refine(
      (text) => REFERENCE.test(text) || isHttpAddress(text),
      "expected an http or https address without a password in it, or a reference such as ${WEBHOOK_URL}",
    )
    .meta({ description: "where events are posted, e.g. ${WEBHOOK_URL}" }),
  secret: z
    .string()
    .regex(REFERENCE, "expected a reference such as ${WEBHOOK_SECRET}: a secret must not stand in a file")
    .meta({ description: "what signs them, a reference such as ${WEBHOOK_SECRET}" }),
});

/** The same with its references read. */
export const expandedNotifySchema = z.strictObject({
  url: z.string().refine(isHttpAddress, "expected an http or https address without a password in it"),
  secret: z.string().min(LEAST_SECRET, `expected at least ${LEAST_SECRET} characters`),
});
