import { jest } from "@jest/globals";

// When a test that hangs is given up, however busy the machine is: deploying to hosts that boot takes minutes. Jest honours
// `testTimeout` only outside of projects.
jest.setTimeout(10 * 60_000);
