import { readFileSync } from "node:fs";

const questions = JSON.parse(readFileSync(new URL("questions.json", import.meta.url), "utf8"));

/** Customers ask what the help pages answer, and once in three times something else. */
function questionOf(index) {
  const { inTheHelpPages, notInTheHelpPages } = questions;
  const list = index % 3 === 2 ? notInTheHelpPages : inTheHelpPages;
  return list[Math.floor(index / 3) % list.length];
}

/** Numbers that look random and are the same in every run. */
function shuffled(index) {
  return (Math.imul(index, 2_654_435_761) >>> 0) % 1_000_003;
}

async function ask(url, body) {
  const response = await fetch(`${url}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${answer.error}`);
  return answer;
}

/**
 * What a round of questions came to; `versions` counts answers, `users` says who got which version last.
 *
 * @param {number} sent
 */
function emptyTally(sent) {
  return {
    sent,
    failed: /** @type {string[]} */ ([]),
    moved: [],
    versions: {},
    reasons: {},
    quality: {},
    users: new Map(),
  };
}

/**
 * Customers of the chat. `send(count)` lets that many of them ask, each of `urls` in turn, and says what they got. It
 * remembers who got which version: whoever gets another one than before is in `moved`.
 */
export function createLoad({ urls, users = 100_000, concurrency = 16 }) {
  const lastVersion = new Map();
  let next = 0;

  async function one(index, label, tally) {
    const user = label ? `staff-${index}` : `user-${shuffled(index) % users}`;
    const body = { user, question: questionOf(shuffled(31 * index + 7)), label };
    try {
      const { version, reason, quality } = await ask(urls[index % urls.length], body);
      const before = lastVersion.get(user);
      if (before !== undefined && before !== version) tally.moved.push({ user, from: before, to: version });
      lastVersion.set(user, version);
      tally.users.set(user, version);
      tally.versions[version] = (tally.versions[version] ?? 0) + 1;
      tally.reasons[reason] = (tally.reasons[reason] ?? 0) + 1;
      tally.quality[version] = (tally.quality[version] ?? 0) + quality;
    } catch (error) {
      tally.failed.push(error.message);
    }
  }

  return {
    /** `label` sends staff in the place of customers. */
    async send(count, label) {
      const tally = emptyTally(count);
      const end = next + count;
      const worker = async () => {
        while (next < end) await one(next++, label, tally);
      };
      await Promise.all(Array.from({ length: concurrency }, worker));
      for (const [version, answers] of Object.entries(tally.versions)) tally.quality[version] /= answers;
      return tally;
    },
  };
}
