import { spawn } from "node:child_process";
import { once } from "node:events";
import { execInLab } from "../../../lab/enter.ts";
import { brokers } from "./kafka.ts";
import { lab } from "./virtual-pis.ts";

const EVERY_MS = 20;

/** Produces 0, 1, 2, ... at a steady pace with librdkafka, as a careful producer does: idempotent, all replicas asked. */
export function steadyProducer(topic: string, perSecond: number) {
  const settings = ["acks=all", "enable.idempotence=true", "linger.ms=5"].flatMap((setting) => ["-X", setting]);
  const { argv, env } = execInLab(lab, ["kcat", "-P", "-q", "-b", brokers, "-t", topic, ...settings]);
  const kcat = spawn(argv[0] ?? "", argv.slice(1), { env, stdio: ["pipe", "ignore", "pipe"] });
  let said = "";
  kcat.stderr.on("data", (data: Buffer) => (said += data));
  const ended = once(kcat, "close");
  const began = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) * perSecond) / 1000);
    let lines = "";
    for (; sent < due; sent++) lines += `${sent}\n`;
    kcat.stdin.write(lines);
  }, EVERY_MS);
  return {
    /** Waits until the brokers have them all; what kcat says of those that they have not. */
    async stop(): Promise<{ sent: number; complaints: string[] }> {
      clearInterval(timer);
      kcat.stdin.end();
      const [code] = await ended;
      const failures = said
        .split("\n")
        .filter((line) => /deliver|fail/i.test(line) && !/Connection|Connect to|Disconnected|disconnect/i.test(line));
      return { sent, complaints: code === 0 ? failures : [`exit code ${code}`, ...said.split("\n")] };
    },
  };
}
