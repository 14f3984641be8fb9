import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { cacheFolder } from "../setup/cache.ts";

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads topics with kafka-python, in one process for many questions, as starting it takes longer than reading. */
export class TopicReader {
  readonly #bootstrapServer: string;
  #python: ChildProcess | undefined;
  #lines: Interface | undefined;
  /** One question at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(bootstrapServer: string) {
    this.#bootstrapServer = bootstrapServer;
  }

  /** All committed records of each topic, by partition and offset. */
  read(...topics: string[]): Promise<Record<string, ReadRecord[]>> {
    const answer = this.#last.then(() => this.#ask(topics));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async values(topic: string): Promise<(string | null)[]> {
    return ((await this.read(topic))[topic] ?? []).map(({ value }) => value);
  }

  /** Also after an error: the next question starts a new process. */
  close(): void {
    this.#python?.kill("SIGKILL");
    this.#python = undefined;
  }

  #ask(topics: readonly string[]): Promise<Record<string, ReadRecord[]>> {
    if (this.#python === undefined) this.#start();
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, ReadRecord[]>>();
    const ended = () => {
      this.#python = undefined;
      reject(new Error(`kafka-python could not read ${topics.join(", ")}`));
    };
    this.#python?.once("exit", ended);
    this.#lines?.once("line", (line) => {
      this.#python?.off("exit", ended);
      resolve(JSON.parse(line));
    });
    this.#python?.stdin?.write(`${topics.join(" ")}\n`);
    return promise;
  }

  #start(): void {
    const python = join(cacheFolder(), "venv/bin/python");
    if (!existsSync(python)) throw new Error(`${python}: there is no kafka-python; run the set-up (make setup) first`);
    const script = join(import.meta.dirname, "topic-reader.py");
    this.#python = spawn(python, [script, this.#bootstrapServer], { stdio: ["pipe", "pipe", "ignore"] });
    if (this.#python.stdout) this.#lines = createInterface(this.#python.stdout);
  }
}
