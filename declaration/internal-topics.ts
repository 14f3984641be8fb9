/** Compacted topic of a service's operator state and source position. */
export function changelogTopic(pipeline: string, service: string): string {
  return `${pipeline}-${service}-changelog`;
}

/** Topic of the records that a service could not process. */
export function deadLetterTopic(pipeline: string, service: string): string {
  return `${pipeline}-${service}-dead-letters`;
}

/** The names that a service takes beside those in the file, each with what it is. */
export function internalTopics(pipeline: string, service: string): [name: string, what: string][] {
  return [
    [changelogTopic(pipeline, service), `the changelog of service ${service}`],
    [deadLetterTopic(pipeline, service), `the dead-letter topic of service ${service}`],
  ];
}
