import { jest } from "@jest/globals";

// Booting hosts and deploying to them takes minutes; Jest honours `testTimeout` only outside of projects.
jest.setTimeout(10 * 60_000);
