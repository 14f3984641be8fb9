import { connect, type Socket } from "node:net";
import { Frames } from "./frames.ts";

const KEEP_ALIVE_AFTER_MS = 60_000;

/** All sockets read into this, one after the other: what comes is copied at once. */
const received = new Uint8Array(256 * 1024);

interface SocketOptions {
  readonly host: string;
  readonly port: number;
  readonly onConnect: () => void;
}

/**
 * In place of kafkajs's own, which loads TLS, several megabytes of memory, and lets small requests wait for the answer to
 * the one before (Nagle's algorithm). Its "data" are whole messages: of a fetch that came in pieces kafkajs would keep each
 * in a buffer of its own, and then copy them into another.
 */
export function openSocket({ host, port, onConnect }: SocketOptions): Socket {
  const frames = new Frames((frame) => socket.emit("data", frame));
  const take = (count: number, bytes: Uint8Array) => {
    try {
      frames.push(bytes.subarray(0, count));
    } catch (error) {
      socket.destroy(error as Error);
    }
    return true;
  };
  const socket = connect(
    {
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS,
      onread: { buffer: received, callback: take },
    },
    onConnect,
  );
  return socket;
}
