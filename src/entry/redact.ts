const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;

/**
 * Replaces the values of environment variables whose names speak of secrets. The last line of defence: nothing that
 * prints should hold one in the first place.
 */
export function secretRedactor(
  environment: Readonly<Record<string, string | undefined>>,
): (text: string) => string {
  const secrets = Object.entries(environment)
    .filter(([name, value]) => SECRET_NAME.test(name) && value !== undefined && value.length >= 8)
    .map(([name, value]) => ({ name, value: value ?? "" }))
    // The longest first: a secret may contain another one.
    .toSorted((left, right) => right.value.length - left.value.length);
  return (text) =>
    secrets.reduce((redacted, { name, value }) => redacted.replaceAll(value, `[${name}]`), text);
}
