import { connect, type Socket } from "node:net";

const KEEP_ALIVE_AFTER_MS = 60_000;

interface SocketOptions {
  readonly host: string;
  readonly port: number;
  readonly onConnect: () => void;
}

/**
 * In place of kafkajs's own, which loads TLS, several megabytes of memory, and lets small requests wait for the answer to
 * the one before (Nagle's algorithm).
 */
export function openSocket({ host, port, onConnect }: SocketOptions): Socket {
  return connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS }, onConnect);
}
