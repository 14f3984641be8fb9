import { join } from "node:path";
import { cacheFolder } from "../../../setup/cache.ts";
import { inLab, inLabOk, onHost, type RunOptions } from "./programs.ts";

export const brokers = "10.42.0.250:9092,10.42.0.251:9092,10.42.0.252:9092,10.42.0.253:9092";
const python = join(cacheFolder(), "venv/bin/python");

/** One of Kafka's own tools, on a host, against its `rpi0:9092`. */
export function kafkaTool(host: string, tool: string, args: string, options?: RunOptions): Promise<string> {
  return onHost(host, `/opt/kafka/bin/${tool} --bootstrap-server rpi0:9092 ${args}`, options);
}

/** Values of all committed records of a topic in their order, read by kafka-python: some 20,000 a second at best. */
export async function committedValues(topic: string, timeoutMs?: number): Promise<string[]> {
  return lines(await inLabOk([python, script("consume.py"), brokers, topic, "read_committed", "0"], { timeoutMs }));
}

/** The offset that the next record of a topic's only partition will get. */
export async function endOffset(topic: string): Promise<number> {
  const output = await inLabOk(["kcat", "-Q", "-b", brokers, "-t", `${topic}:0:-1`]);
  return Number(/offset (\d+)/.exec(output)?.[1]);
}

/** Timestamp of the last record of a topic's only partition, in milliseconds since 1970. */
export async function lastTimestamp(topic: string): Promise<number> {
  // The last offsets may be those of transaction markers.
  const read = ["kcat", "-C", "-q", "-e", "-b", brokers, "-t", topic, "-o", "-5", "-f", "%T\\n"];
  return Number((await inLabOk(read)).split("\n").at(-1));
}

/** The first `count` values of a topic, as a course's program gets them: a group of its own, no transactions in mind. */
export async function consumedValues(topic: string, count: number): Promise<string[]> {
  return lines(await inLabOk([python, script("consume.py"), brokers, topic, "read_uncommitted", String(count)]));
}

/** Writes values to a topic with kafka-python, as the course's programs do. */
export async function produce(topic: string, values: readonly unknown[]): Promise<void> {
  const input = values.map((value) => JSON.stringify(value)).join("\n");
  await inLabOk([python, script("produce.py"), brokers, topic], { input });
}

/** What the first broker knows of a cluster, through librdkafka. */
export async function metadata(): Promise<{
  controllerid: number;
  brokers: { id: number; name: string }[];
  topics: { topic: string; partitions: { replicas: { id: number }[]; isrs: { id: number }[] }[] }[];
}> {
  const { code, stdout, stderr } = await inLab(["kcat", "-L", "-J", "-b", "10.42.0.250:9092"]);
  if (code !== 0) throw new Error(`kcat: exit code ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

function script(name: string): string {
  return join(import.meta.dirname, name);
}

function lines(text: string): string[] {
  return text === "" ? [] : text.split("\n");
}
