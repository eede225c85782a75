import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where a gate's project lies. */
export interface Place {
  readonly folder: string;
  /** Makes room on a full disk; nothing elsewhere. */
  makeRoom(): void;
  remove(): void;
}

/** The project on a disk of its own that has hardly any room left; null where this process may not mount one. */
export function onAFullDisk(from: string): Place | null {
  const folder = mkdtempSync(join(tmpdir(), "promptgate-soak-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", folder]);
  const remove = (): void => {
    if (status === 0) spawnSync("umount", [folder]);
    rmSync(folder, { recursive: true, force: true });
  };
  if (status !== 0) {
    remove();
    return null;
  }
  cpSync(from, folder, { recursive: true });
  const filler = join(folder, "filler");
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(filler, Buffer.alloc(bavail * bsize - 64 * 1024));
  return { folder, makeRoom: () => rmSync(filler, { force: true }), remove };
}

/** A project where it was made. */
export function anOrdinaryPlace(folder: string): Place {
  return { folder, makeRoom: () => undefined, remove: () => undefined };
}

/** The file that makes Node's clock jump by a year at every look at it. */
export function writeJumpingClock(folder: string): string {
  const file = join(folder, "jump.mjs");
  writeFileSync(
    file,
    "const now = Date.now; let looks = 0;\nDate.now = () => now() + (looks++ % 2 === 0 ? 31_536_000_000 : -31_536_000_000);\n",
  );
  return file;
}
