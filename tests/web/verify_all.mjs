// Checks receipts with the script of the page: lines of {receipt, keys, work} in, a line of states out for each.
import { createInterface } from "node:readline";
import { webcrypto } from "node:crypto";

await import(process.argv[2]);
const verify = globalThis.verifyReceipt;
for await (const line of createInterface({ input: process.stdin })) {
  const { receipt, keys, work } = JSON.parse(line);
  const held = Buffer.from(work, "base64");
  const digest = async (salt) => new Uint8Array(await webcrypto.subtle.digest("SHA-256", Buffer.concat([salt, held])));
  const steps = await verify(receipt, keys, digest);
  console.log(JSON.stringify(Object.fromEntries(steps.map((step) => [step.name, step.state]))));
}
