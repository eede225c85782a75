// Customers, until Ctrl-C: node customers.mjs [address of the chat]. STAFF=1 sends staff, who try what is in staging.
import { setTimeout } from "node:timers/promises";
import { createLoad } from "./load.mjs";

const url = process.argv[2] ?? "http://127.0.0.1:8080";
const label = process.env.STAFF ? "staging" : undefined;
const A_SECOND = label ? 1 : 20;
const load = createLoad({ urls: [url], users: 10_000 });

function percent(count, all) {
  return `${((100 * count) / all).toFixed(1)} %`;
}

for (;;) {
  const { sent, failed, versions, quality, moved } = await load.send(A_SECOND * 10, label);
  const shares = Object.keys(versions)
    .sort()
    .map(
      (version) => `${version}: ${percent(versions[version], sent)}, quality ${quality[version].toFixed(2)}`,
    );
  const time = new Date().toISOString().slice(11, 19);
  console.log(
    `${time}  ${sent} asked, ${failed.length} failed, ${moved.length} on another version  ${shares.join("  |  ")}`,
  );
  if (failed.length > 0) console.log(`          ${failed[0]}`);
  await setTimeout(10_000);
}
