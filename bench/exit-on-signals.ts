/**
 * A signal ends a process without its exit handlers, and these are what ends the brokers, services and clients that a
 * bench has started. Imported by each bench that starts some.
 */
for (const [signal, number] of [
  ["SIGINT", 2],
  ["SIGTERM", 15],
] as const) {
  process.once(signal, () => process.exit(128 + number));
}
