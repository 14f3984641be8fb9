/** The consumer group of a service. */
export function groupIdOf(pipeline: string, service: string): string {
  return `${pipeline}-${service}`;
}
