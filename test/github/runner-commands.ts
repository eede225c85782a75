/** One command that the runner would obey. */
export interface RunnerCommand {
  readonly name: string;
  readonly data: string;
  readonly properties: Readonly<Record<string, string>>;
}

const NAMES = new Set([
  "add-mask",
  "add-matcher",
  "add-path",
  "debug",
  "echo",
  "endgroup",
  "error",
  "group",
  "internal-set-repo-path",
  "notice",
  "remove-matcher",
  "save-state",
  "set-env",
  "set-output",
  "stop-commands",
  "warning",
]);

function unescape(text: string): string {
  return text
    .replaceAll("%0D", "\r")
    .replaceAll("%0A", "\n")
    .replaceAll("%3A", ":")
    .replaceAll("%2C", ",")
    .replaceAll("%25", "%");
}

function propertiesOf(text: string): Record<string, string> {
  const pairs = text.split(",").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at <= 0 ? [] : [[pair.slice(0, at).trim(), unescape(pair.slice(at + 1))] as const];
  });
  return Object.fromEntries(pairs);
}

function command(info: string, data: string): RunnerCommand | null {
  const space = info.indexOf(" ");
  const name = (space < 0 ? info : info.slice(0, space)).toLowerCase();
  if (!NAMES.has(name)) return null;
  return { name, data: unescape(data), properties: space < 0 ? {} : propertiesOf(info.slice(space + 1)) };
}

/** `::name properties::data` after white space at the beginning of a line. */
function second(line: string): RunnerCommand | null {
  const message = line.trimStart();
  if (!message.startsWith("::")) return null;
  const end = message.indexOf("::", 2);
  return end < 0 ? null : command(message.slice(2, end), message.slice(end + 2));
}

/** `##[name properties]data` anywhere in a line. */
function first(line: string): RunnerCommand | null {
  const start = line.indexOf("##[");
  const end = start < 0 ? -1 : line.indexOf("]", start);
  return end < 0 ? null : command(line.slice(start + 3, end), line.slice(end + 1));
}

/** What the runner reads out of a stream that a step printed. Names beyond the known ones are text to it. */
export function runnerCommands(output: string): RunnerCommand[] {
  return output.split(/\r\n|\n|\r/).flatMap((line) => {
    const found = second(line) ?? first(line);
    return found === null ? [] : [found];
  });
}
