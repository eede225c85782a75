import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Finding } from "../../domain/finding.ts";
import { visibleLine } from "../../domain/visible.ts";
import { systemCode } from "../../files/storage.ts";

/** Whether files can be made under a folder of the project that need not be there yet; null for other kinds of places. */
export async function writableFinding(
  subject: string,
  root: string,
  place: { readonly kind: string; readonly [option: string]: unknown },
): Promise<Finding | null> {
  if (place.kind !== "file") return null;
  const { path } = place;
  let folder = resolve(root, typeof path === "string" ? path : ".promptgate");
  for (;;) {
    try {
      await access(folder, constants.W_OK);
      return { kind: "ok", subject, message: "its folder can be written" };
    } catch (error) {
      const parent = dirname(folder);
      if (systemCode(error) === "ENOENT" && parent !== folder) {
        folder = parent;
        continue;
      }
      const message = `${visibleLine(folder, 200)} cannot be written (${systemCode(error)})`;
      return { kind: "problem", subject, message, remedy: "give this user the right to write there" };
    }
  }
}
