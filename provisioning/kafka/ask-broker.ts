import { connect } from "node:net";
import { Reader } from "./reader.ts";

const answerTimeoutMs = 3_000;

/** A request that kafkajs does not have, and how its answer is read. */
export interface Request<T> {
  readonly apiKey: number;
  readonly apiVersion: number;
  /** What follows the client id in the request's header, and the request itself. */
  readonly body: Buffer;
  /** Reads what follows the correlation id in the response's header, and the response; may throw. */
  read(answer: Reader): T;
}

/**
 * One request over a connection of its own to a broker or controller (`host:port`).
 * Throws when there is no answer, or no sensible one.
 * @param does what is asked of it, for the error: "read its settings"
 */
export function askBroker<T>(server: string, does: string, request: Request<T>): Promise<T> {
  const [host = "", port = ""] = server.split(":");
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect({ host, port: Number(port), timeout: answerTimeoutMs }, () => socket.write(framed(request)));
    const fail = (found: string) => {
      socket.destroy();
      reject(new Error(`${server}: could not ${does}: ${found}`));
    };
    socket.on("data", (data) => {
      received.push(data);
      const bytes = Buffer.concat(received);
      if (bytes.length < 4 || bytes.length < 4 + bytes.readInt32BE(0)) return;
      try {
        const answer = new Reader(bytes.subarray(4));
        answer.int32(); // correlation id
        resolve(request.read(answer));
        socket.destroy();
      } catch (error) {
        fail((error as Error).message);
      }
    });
    socket.on("timeout", () => fail(`no answer within ${answerTimeoutMs / 1000} s`));
    socket.on("error", (error) => fail(error.message)).on("close", () => fail("no answer"));
  });
}

/** With its size, and a header that has correlation id 1 and no client id. */
function framed({ apiKey, apiVersion, body }: Request<unknown>): Buffer {
  const header = Buffer.alloc(14);
  header.writeInt32BE(header.length - 4 + body.length, 0);
  header.writeInt16BE(apiKey, 4);
  header.writeInt16BE(apiVersion, 6);
  header.writeInt32BE(1, 8);
  header.writeInt16BE(-1, 12);
  return Buffer.concat([header, body]);
}
