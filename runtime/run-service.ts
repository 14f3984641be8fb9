import { hostname } from "node:os";
import { connectKafka } from "../kafka/connect.ts";
import { describeError, FencedError } from "../kafka/errors.ts";
import type { Operator } from "../operators/operator.ts";
import { topicsOf } from "../operators/topics-of.ts";
import { hostClock } from "./clock.ts";
import { produceFollowed } from "./follow-service.ts";
import { openJournal } from "./journal.ts";
import { openPacedRecords } from "./paced-records.ts";
import { producePaced } from "./paced-service.ts";
import { pause } from "./pause.ts";
import { branchesOf, chainOf, type Service } from "./service.ts";
import type { ServiceSpec } from "./service-spec.ts";
import { StateStoreError } from "./state-store.ts";
import { StateStores } from "./state-stores.ts";
import { superviseBySystemd } from "./supervisor.ts";
import { consumeTopics } from "./topic-service.ts";

/** systemd is told to allow more; a service that is stopped has this long to finish its transaction and leave its group. */
const STOP_TIMEOUT_MS = 1700;

const MAX_PAUSE_MS = 2000;

/**
 * Runs one service until SIGTERM or SIGINT, through everything that may heal: brokers gone, topics not yet there. The
 * bundle of a service calls this; `folder` is where the bundle lies, with the files it needs.
 */
export async function runService(
  spec: ServiceSpec,
  operators: Readonly<Record<string, Operator>>,
  folder: string,
): Promise<void> {
  // As bramble-con1@2.service tells it; a service's first replica on all hosts together has none.
  const [, , instance] = process.argv;
  const replica = `${hostname()}${instance === undefined ? "" : `@${instance}`}`;
  const journal = openJournal();
  const supervisor = superviseBySystemd();
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      supervisor.stopping();
      stop.abort();
      setTimeout(() => process.exit(0), STOP_TIMEOUT_MS).unref();
    });
  }
  // What matters fails where it is awaited.
  process.on("unhandledRejection", (reason) => journal.warn(`in the background: ${describeError(reason)}`));
  try {
    const service: Service = {
      spec,
      chain: chainOf(spec, operators),
      branches: branchesOf(spec, operators),
      kafka: connectKafka({
        endpoint: { addresses: spec.bootstrapServers },
        clientId: `${spec.groupId}@${replica}`,
        processingGuarantee: spec.processingGuarantee ?? "exactly_once",
        onComplaint: journal.warn,
      }),
      stores: new StateStores(process.env.CACHE_DIRECTORY, journal.warn),
      journal,
      supervisor,
      clock: hostClock(),
      replica,
      stateFolder: process.env.STATE_DIRECTORY,
      print: (line) => new Promise((resolve) => process.stdout.write(line, () => resolve())),
    };
    if (service.clock.nowMs() === undefined)
      journal.info("the clock is not set yet (NTP): no event time is too far ahead of it until then");
    await keepRunning(service, folder, stop.signal);
    process.exit(0);
  } catch (error) {
    const advice = error instanceof FencedError ? "; if two copies run on purpose, give each its own name" : "";
    journal.error(`${spec.name}: ${describeError(error)}${advice}`);
    process.exit(1);
  }
}

async function runFrom(service: Service, folder: string, stop: AbortSignal): Promise<void> {
  const { input } = service.spec;
  switch (input.kind) {
    case "file":
    case "random":
    case "sequence":
      return producePaced(service, await openPacedRecords(input, folder), input.everyMs, stop);
    case "follow":
      return produceFollowed(service, input, stop);
    case "topic":
    case "topics":
      return consumeTopics(service, topicsOf(input), stop);
    default:
      input satisfies never;
  }
}

async function keepRunning(service: Service, folder: string, stop: AbortSignal): Promise<void> {
  const { spec, journal, supervisor } = service;
  const { input } = spec;
  for (let failures = 0; !stop.aborted; failures++) {
    const since = Date.now();
    try {
      await runFrom(service, folder, stop);
    } catch (error) {
      // Of a topic, another member of the group has the partition now, as after a freeze: what is left is joining again.
      if (error instanceof FencedError && input.kind === "file") throw error;
      const problem = describeError(error);
      // The store has said it.
      if (!(error instanceof StateStoreError)) journal.warn(`interrupted, restarting: ${problem}`);
      supervisor.status(`restarting: ${problem}`);
      supervisor.alive();
      if (Date.now() - since > 60_000) failures = 0;
      await pause(Math.min(100 * 2 ** failures, MAX_PAUSE_MS), stop);
    }
  }
}
