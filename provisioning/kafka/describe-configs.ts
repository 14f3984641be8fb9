import { askBroker } from "./ask-broker.ts";
import { int8, int32, string } from "./primitive-types.ts";
import type { Reader } from "./reader.ts";

/** What has settings, by {@link topicResource} or {@link brokerResource}. */
export interface ConfigResource {
  readonly type: number;
  readonly name: string;
}

/** A setting, with all that gives it a value, what is in force first. */
export interface ConfigEntry {
  readonly name: string;
  readonly synonyms: readonly { readonly name: string; readonly value: string; readonly source: number }[];
}

/** A secret's value is not told. */
const secret = "(secret)";

/**
 * All settings of a resource, by the word of one broker (`host:port`): Kafka protocol guide, DescribeConfigs version 1.
 * Throws when there is no answer, and when the broker knows of no such resource.
 */
export function describeConfigs(server: string, { type, name }: ConfigResource): Promise<ConfigEntry[]> {
  return askBroker(server, `read the settings of ${name}`, {
    apiKey: 32,
    apiVersion: 1,
    // One resource, all of its settings, with where each value comes from.
    body: Buffer.concat([int32(1), int8(type), string(name), int32(-1), int8(1)]),
    read(answer) {
      answer.int32(); // throttle time
      const [entries = []] = answer.array(() => {
        const error = answer.int16();
        const message = answer.string();
        if (error !== 0) throw new Error(message ?? `Kafka's error ${error}`);
        answer.int8();
        answer.string();
        return answer.array(() => entry(answer));
      });
      return entries;
    },
  });
}

/** The values that come from a source which `matches`, by the setting's name. */
export function valuesFrom(entries: readonly ConfigEntry[], matches: (source: number) => boolean) {
  return Object.fromEntries(
    entries.flatMap(({ name, synonyms }) => {
      const found = synonyms.find((one) => one.name === name && matches(one.source));
      return found === undefined ? [] : [[name, found.value]];
    }),
  );
}

function entry(answer: Reader): ConfigEntry {
  const name = answer.string() ?? "";
  answer.string(); // the value in force
  answer.int8(); // read-only
  answer.int8(); // source of the value
  answer.int8(); // sensitive
  const synonyms = answer.array(() => {
    const [name = "", value = secret] = [answer.string(), answer.string()];
    return { name, value, source: answer.int8() };
  });
  return { name, synonyms };
}
