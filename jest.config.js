/**
 * Two projects: `unit` is everything that needs no host (`npx jest --selectProjects unit`); `lab` runs end to end on
 * virtual Pis, each of Jest's workers on a lab of its own. Both run TypeScript as ES modules, so Node needs --experimental-vm-modules.
 */
const typescript = {
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
};

export default {
  // Brokers wait as much as they work: two beside each other fill two cores. A lab fills more, and wants 2 GB.
  maxWorkers: 2,
  projects: [
    {
      ...typescript,
      displayName: "unit",
      testMatch: ["<rootDir>/test/**/*.test.ts"],
      testPathIgnorePatterns: ["/node_modules/", "<rootDir>/test/lab/"],
      modulePathIgnorePatterns: ["<rootDir>/.lab/", "<rootDir>/.build/"],
    },
    {
      ...typescript,
      displayName: "lab",
      setupFilesAfterEnv: ["<rootDir>/test/patient.js"],
      testMatch: ["<rootDir>/test/lab/**/*.test.ts"],
      modulePathIgnorePatterns: ["<rootDir>/.lab/", "<rootDir>/.build/"],
    },
  ],
};
