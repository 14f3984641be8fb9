import type { Pipeline } from "../declaration/pipeline.ts";
import { type HostAddress, HostError } from "../provisioning/ssh/host-error.ts";
import type { Login } from "../provisioning/ssh/login.ts";
import { openPinned } from "../provisioning/ssh/open-pinned.ts";
import { unitsOn } from "./declared-units.ts";
import { type HostAnswer, readUnits, unitQuestions } from "./unit-state.ts";

/** Somebody waits for the answer: a Pi that is busy logs in within 2 s or so. */
const limits = { loginMs: 8_000, observeMs: 8_000, runMs: 8_000 };

/** Asks every host at once, each over one connection and in one round trip, as they are named in the file. */
export async function askHosts(pipeline: Pipeline, login: Login): Promise<ReadonlyMap<string, HostAnswer>> {
  const answers = pipeline.cluster.hosts.map(async ({ name, address }) => {
    const units = unitsOn(pipeline, name).map(({ unit }) => unit);
    const problem = (error: Error): HostAnswer => {
      const code = error instanceof HostError ? error.code : "host-unfit";
      return { kind: "problem", code, problem: error.message };
    };
    return [name, await askHost({ host: name, address }, login, units).catch(problem)] as const;
  });
  return new Map(await Promise.all(answers));
}

async function askHost(target: HostAddress, login: Login, units: readonly string[]): Promise<HostAnswer> {
  const connection = await openPinned(target, login, limits);
  try {
    return { kind: "units", units: readUnits(target, await connection.observe(unitQuestions(units))) };
  } finally {
    connection.close();
  }
}
