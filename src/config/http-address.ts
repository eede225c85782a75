/** True for an http or https address; a password in it would stand in logs and reports. */
export function isHttpAddress(text: string): boolean {
  const address = URL.canParse(text) ? new URL(text) : null;
  return address !== null && /^https?:$/.test(address.protocol) && address.username + address.password === "";
}
