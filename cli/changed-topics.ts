import type { OfflineRun } from "../declaration/offline.ts";
import { knownAnswer } from "../lab/demo/known-answer.ts";

/** The topics that will not carry the course's known answer, because the pipeline file was edited. */
export function changedTopics({ topics }: Pick<OfflineRun, "topics">): string[] {
  const others = knownAnswer.filter(
    ({ topic, values }) => topics.get(topic)?.map(String).join(" ") !== values.join(" "),
  );
  return others.map(({ topic }) => topic);
}
