import { globSync } from "node:fs";
import { join } from "node:path";

/** docs/decisions/0041-tiers-of-tests.md tells what belongs to which. */
export type TierName = "unit" | "process" | "broker" | "lab";

export interface Tier {
  readonly name: TierName;
  readonly files: string;
  readonly except?: readonly string[];
  /** What brings the programs that its tests need, beyond Node and its packages. */
  readonly setUp: readonly string[];
}

/** The quickest first. */
export const tiers: readonly Tier[] = [
  {
    name: "unit",
    files: "test/**/*.test.ts",
    except: ["test/**/*.{process,broker}.test.ts", "test/lab/**"],
    setUp: [],
  },
  { name: "process", files: "test/**/*.process.test.ts", setUp: ["setup/setup debian-packages pulumi"] },
  { name: "broker", files: "test/**/*.broker.test.ts", setUp: ["setup/setup test-tools kafka-zookeeper"] },
  {
    name: "lab",
    files: "test/lab/**/*.test.ts",
    setUp: ["setup/setup", "setup/setup test-tools kafka-zookeeper kafka-kraft kafka-kraft-before"],
  },
];

const projectFolder = join(import.meta.dirname, "..");

/** The tier's test files, or those whose path contains one of the texts. */
export function filesOf({ files, except = [] }: Tier, only: readonly string[]): string[] {
  const all = globSync(files, { cwd: projectFolder, exclude: except });
  return only.length === 0 ? all : all.filter((file) => only.some((text) => file.includes(text)));
}
