import type { Approver } from "../domain/evidence.ts";

interface Person {
  readonly name: string;
  readonly email: string;
}

function plain(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

/** `ana+work@example.com` is Ana's mailbox as well. */
function mailbox(email: string): string {
  return plain(email).replace(/\+[^@]*(?=@)/, "");
}

/** `Ana Roe <ana@example.com>`, an address alone, or a name alone. */
function parseAuthor(author: string): Person {
  const [, name = "", email = ""] = /^(.*?)<([^<>]*)>\s*$/s.exec(author) ?? [];
  if (email !== "") return { name: plain(name), email: mailbox(email) };
  return author.includes("@") ? { name: "", email: mailbox(author) } : { name: plain(author), email: "" };
}

/**
 * Whether an approver may be the author of a version, who is known by what git or `--author` said. When in doubt they
 * are the same: equal addresses, equal names, or an author's name that is the approver's account.
 */
export function isAuthor({ name, email }: Pick<Approver, "name" | "email">, author: string): boolean {
  const written = parseAuthor(author);
  const address = mailbox(email);
  if (written.email !== "" && written.email === address) return true;
  if (written.name === "") return false;
  return written.name === plain(name) || written.name === address.slice(0, address.indexOf("@"));
}
