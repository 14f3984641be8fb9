import { connect, type Socket } from "node:net";
import { Frames } from "./frames.ts";
import { KafkaError } from "./protocol/error-codes.ts";
import { type Api, apiVersions } from "./protocol/messages.ts";
import { Reader, type Version, Writer } from "./protocol/types.ts";

const CONNECT_TIMEOUT_MS = 3_000;
const KEEP_ALIVE_AFTER_MS = 60_000;
/** A broker that fell silent is given up after this long. */
export const REQUEST_TIMEOUT_MS = 10_000;
const SIZE_BYTES = 4;

/** The broker is not there (any more), or has not answered in time: whether it did what it was asked is not known. */
export class ConnectionError extends Error {
  readonly type = "NETWORK_EXCEPTION";

  constructor(address: string, problem: string, options?: ErrorOptions) {
    super(`broker ${address}: ${problem}`, options);
    this.name = "ConnectionError";
  }
}

/** All sockets read into this, one after the other: what comes is copied at once. */
const received = new Uint8Array(256 * 1024);

export interface ConnectionOptions {
  /** `host:port`. */
  readonly address: string;
  readonly clientId: string;
  readonly onClose: () => void;
}

/** One connection to one broker. Requests follow each other without waiting; a broker answers them in their order. */
export class Connection {
  readonly address: string;
  readonly #clientId: string;
  readonly #socket: Socket;
  readonly #pending = new Map<number, PromiseWithResolvers<Buffer>>();
  #correlationId = 0;
  #versions: ReadonlyMap<number, readonly [number, number]> = new Map();
  #closed: Error | undefined;

  /** Connects, and asks which versions of each request the broker speaks (KIP-35). */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const socket = await openSocket(options.address);
    const connection = new Connection(options, socket);
    try {
      await connection.#negotiate();
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  private constructor({ address, clientId, onClose }: ConnectionOptions, { socket, frames }: OpenSocket) {
    this.address = address;
    this.#clientId = clientId;
    this.#socket = socket;
    frames.onFrame = (frame) => this.#take(frame);
    socket.on("error", (error) => this.#fail(new ConnectionError(address, error.message, { cause: error })));
    socket.on("close", () => {
      this.#fail(new ConnectionError(address, "it closed the connection"));
      onClose();
    });
  }

  get isOpen(): boolean {
    return this.#closed === undefined;
  }

  /** @param timeoutMs how long the broker may take, beyond what the request itself asks it to wait */
  async request<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    timeoutMs = REQUEST_TIMEOUT_MS,
  ): Promise<Response> {
    if (this.#closed) throw this.#closed;
    const version = this.#versionOf(api);
    const correlationId = this.#correlationId;
    this.#correlationId = (correlationId + 1) & 0x7fffffff;
    const answer = Promise.withResolvers<Buffer>();
    const timer = setTimeout(() => {
      // What follows on this connection would wait behind it, too.
      this.#end(`no answer to ${api.name} within ${timeoutMs / 1000} s`);
    }, timeoutMs);
    this.#pending.set(correlationId, answer);
    this.#send(this.#encode(api, version, correlationId, request));
    try {
      const payload = await answer.promise;
      // ApiVersions is answered with the old header, for clients that cannot know yet (KIP-511).
      const headerBytes = SIZE_BYTES + 4;
      const reader = new Reader(payload, version, headerBytes);
      if (version.flexible && api.key !== apiVersions.key) reader.skip(reader.unsignedVarint());
      return api.response.read(reader);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it at once; what is still waited for fails. */
  close(): void {
    this.#end("the connection was closed");
  }

  async #negotiate(): Promise<void> {
    this.#versions = new Map([[apiVersions.key, apiVersions.versions]]);
    const software = { clientSoftwareName: "bramble", clientSoftwareVersion: "0" };
    const { errorCode, apiKeys } = await this.request(apiVersions, software);
    if (errorCode !== 0) throw tooOld(this.address);
    this.#versions = new Map(apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, [minVersion, maxVersion]]));
  }

  #versionOf({ key, name, versions, flexibleFrom }: Omit<Api<unknown, unknown>, "request" | "response">): Version {
    const [min, max] = this.#versions.get(key) ?? [0, -1];
    const number = Math.min(max, versions[1]);
    if (number < Math.max(min, versions[0])) {
      const found = max < 0 ? "does not know it" : `speaks versions ${min} to ${max}`;
      const problem = `${name}: ${this.address} ${found}, expected ${versions[0]} to ${versions[1]}`;
      throw new KafkaError("UNSUPPORTED_VERSION", problem, "bramble needs Kafka 3.8 or newer");
    }
    return { number, flexible: number >= flexibleFrom };
  }

  #encode<Request>(api: Api<Request, unknown>, version: Version, correlationId: number, request: Request): Writer {
    const writer = new Writer(version);
    const clientId = Buffer.from(this.#clientId);
    const [head, at] = writer.room(SIZE_BYTES + 8 + 2 + clientId.length);
    head.writeInt16BE(api.key, at + SIZE_BYTES);
    head.writeInt16BE(version.number, at + SIZE_BYTES + 2);
    head.writeInt32BE(correlationId, at + SIZE_BYTES + 4);
    head.writeInt16BE(clientId.length, at + SIZE_BYTES + 8);
    head.set(clientId, at + SIZE_BYTES + 10);
    if (version.flexible) writer.unsignedVarint(0); // no tagged fields
    api.request.write(writer, request);
    return writer;
  }

  /** Kept back (corked), the pieces go out as one. */
  #send(message: Writer): void {
    const { pieces, size } = message;
    pieces[0]?.writeInt32BE(size - SIZE_BYTES, 0);
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  #take(frame: Buffer): void {
    const correlationId = frame.length < SIZE_BYTES + 4 ? undefined : frame.readInt32BE(SIZE_BYTES);
    const pending = correlationId === undefined ? undefined : this.#pending.get(correlationId);
    if (correlationId === undefined || pending === undefined) {
      this.#end("it answered what nobody asked; is it a Kafka broker?");
      return;
    }
    this.#pending.delete(correlationId);
    pending.resolve(frame);
  }

  #end(problem: string): void {
    this.#fail(new ConnectionError(this.address, problem));
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#closed ??= error;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(this.#closed);
  }
}

interface OpenSocket {
  readonly socket: Socket;
  readonly frames: { onFrame: (frame: Buffer) => void };
}

function openSocket(address: string): Promise<OpenSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<OpenSocket>();
  const taker: OpenSocket["frames"] = { onFrame: () => {} };
  const frames = new Frames((frame) => taker.onFrame(frame));
  const [host, port] = splitAddress(address);
  const socket = connect({
    host,
    port,
    // Else small requests would wait for the answer to the one before (Nagle's algorithm).
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS,
    onread: {
      buffer: received,
      callback: (count, bytes) => {
        try {
          frames.push(bytes.subarray(0, count));
        } catch (error) {
          socket.destroy(error as Error);
        }
        return true;
      },
    },
  });
  const timer = setTimeout(
    () => socket.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`)),
    CONNECT_TIMEOUT_MS,
  );
  const refuse = (error: Error) => {
    clearTimeout(timer);
    reject(new ConnectionError(address, error.message, { cause: error }));
  };
  socket.once("error", refuse);
  socket.once("connect", () => {
    clearTimeout(timer);
    socket.off("error", refuse);
    resolve({ socket, frames: taker });
  });
  return promise;
}

function splitAddress(address: string): [host: string, port: number] {
  const at = address.lastIndexOf(":");
  return [address.slice(0, at).replace(/^\[(.*)\]$/, "$1"), Number(address.slice(at + 1))];
}

function tooOld(address: string): KafkaError {
  return new KafkaError("UNSUPPORTED_VERSION", address, "it is older than Kafka 2.4; bramble needs Kafka 3.8 or newer");
}
