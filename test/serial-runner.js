import { default as TestRunner } from "jest-runner";

/** Runs its test files one after the other in Jest's own process: the lab's hosts are shared by all of them. */
export default class SerialRunner extends TestRunner {
  isSerial = true;
}
