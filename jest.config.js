/**
 * Two projects: `unit` is everything that needs no host (`npx jest --selectProjects unit`); `lab` runs end to end on the
 * virtual Pis, one file at a time. Both run TypeScript as ES modules, so Node needs --experimental-vm-modules.
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
      runner: "<rootDir>/test/serial-runner.js",
      setupFilesAfterEnv: ["<rootDir>/test/patient.js"],
      testMatch: ["<rootDir>/test/lab/**/*.test.ts"],
      modulePathIgnorePatterns: ["<rootDir>/.lab/", "<rootDir>/.build/"],
    },
  ],
};
