/** A replica of a service: the first has the service's name alone, the others are named as systemd names instances. */
export function instanceName(service: string, replica: number): string {
  return replica === 1 ? service : `${service}@${replica}`;
}

/** Of the unit that runs a replica. @param replica from 1 */
export function serviceUnitName(service: string, replica: number): string {
  return `bramble-${instanceName(service, replica)}.service`;
}
