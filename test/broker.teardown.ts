/** After the last test file of the tier broker. */
export default function tearDown(): Promise<void> {
  return globalThis.brokerOfAllTests.stop();
}
