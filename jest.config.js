import { tiers } from "./test/tiers.ts";

/**
 * One project for each tier of tests; docs/decisions/0041-tiers-of-tests.md tells what belongs to which. All run TypeScript
 * as ES modules, so Node needs --experimental-vm-modules.
 */
const common = {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "\\.ts$": [
      "@swc/jest",
      {
        jsc: { parser: { syntax: "typescript" }, target: "es2024" },
        module: { type: "es6" },
        sourceMaps: "inline",
      },
    ],
  },
  modulePathIgnorePatterns: ["<rootDir>/.lab/", "<rootDir>/.build/"],
};

export default {
  // Brokers and labs wait as much as they work: two beside each other fill two cores. A lab takes 2 GB of memory.
  maxWorkers: 2,
  testSequencer: "<rootDir>/test/longest-first.js",
  projects: tiers.map(({ name, files, except = [] }) => ({
    ...common,
    displayName: name,
    // Jest knows <rootDir> at the beginning of a pattern only, and "!" comes first.
    testMatch: [`<rootDir>/${files}`, ...except.map((pattern) => `!${import.meta.dirname}/${pattern}`)],
    setupFilesAfterEnv: [name === "unit" ? "<rootDir>/test/unit.setup.ts" : "<rootDir>/test/patient.js"],
    ...(name === "broker" && {
      globalSetup: "<rootDir>/test/broker.setup.ts",
      globalTeardown: "<rootDir>/test/broker.teardown.ts",
    }),
  })),
};
