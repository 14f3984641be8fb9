import type { Cluster, Pipeline } from "../declaration/pipeline.ts";
import { instanceName, serviceUnitName } from "../declaration/unit-names.ts";

/** A unit that the pipeline file puts on a host. */
export interface DeclaredUnit {
  readonly host: string;
  /** Name with its suffix. */
  readonly unit: string;
  /** Whose replica it is; undefined for a daemon. */
  readonly service?: string;
  /** What the replica is called: con1, or con1@2. */
  readonly instance?: string;
}

/** Daemons first. */
export function unitsOn(pipeline: Pipeline, host: string): DeclaredUnit[] {
  return [...daemonsOn(pipeline.cluster, host), ...serviceUnits(pipeline).filter((unit) => unit.host === host)];
}

/** One for each replica, upstream first. */
export function serviceUnits({ services }: Pipeline): Required<DeclaredUnit>[] {
  return services.flatMap(({ name: service, on }) =>
    on.map((host, i) => {
      const replica = i + 1;
      return { host, unit: serviceUnitName(service, replica), service, instance: instanceName(service, replica) };
    }),
  );
}

export function hasBroker({ kafka }: Cluster, host: string): boolean {
  return kafka.brokers.includes(host);
}

function daemonsOn(cluster: Cluster, host: string): DeclaredUnit[] {
  const { metadata } = cluster;
  const zookeeper = metadata.mode === "zookeeper" && [...metadata.voters, ...metadata.observers].includes(host);
  const controller = metadata.mode === "kraft" && metadata.controllers.includes(host);
  return [
    ...(zookeeper ? [{ host, unit: "zookeeper.service" }] : []),
    ...(hasBroker(cluster, host) || controller ? [{ host, unit: "kafka.service" }] : []),
  ];
}
