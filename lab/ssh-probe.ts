/**
 * Program: waits until hosts greet on port 22. Run it in the lab's network, with the time limit in milliseconds and
 * the addresses as arguments; it prints each address as that host answers, and ends when all have or the time is up.
 */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const [limitMs, ...addresses] = process.argv.slice(2);
const deadline = Date.now() + Number(limitMs);

await Promise.all(
  addresses.map(async (address) => {
    do {
      if (await greets(address)) {
        process.stdout.write(`${address}\n`);
        return;
      }
      await sleep(50);
    } while (Date.now() < deadline);
  }),
);

/** An open port alone says little: the kernel of a frozen host still accepts. */
function greets(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1000 });
    const answer = (greeted: boolean) => {
      socket.destroy();
      resolve(greeted);
    };
    socket.on("data", (data) => answer(data.toString().startsWith("SSH-")));
    socket.on("timeout", () => answer(false));
    socket.on("error", () => answer(false));
    socket.on("close", () => answer(false));
  });
}
