import { type Finding, shown, wrongKey, wrongValue } from "../diagnostic.ts";
import type { Draft, DraftService } from "../draft.ts";

/** What is wrong with how a service names several topics: those that it merges, and those that it branches to. */
export function branchFindings(draft: Draft): Finding[] {
  return [...draft.services].flatMap(([name, service]) => [
    ...repeated(name, service),
    ...crowded(name, service),
    ...outOfReach(name, service),
  ]);
}

function repeated(name: string, { from, to }: DraftService): Finding[] {
  return [from, to].flatMap((topics) =>
    topics
      .filter(({ topic }, i) => topics.findIndex((each) => each.topic === topic) < i)
      .map(({ topic, path, isKey }) => {
        const message = `${shown(topic)} is listed twice; list each topic once`;
        return isKey
          ? wrongKey(["services", name, ...path], message)
          : wrongValue(["services", name, ...path], message);
      }),
  );
}

/** Two topics in one entry of the list: a dash is missing. */
function crowded(name: string, { to }: DraftService): Finding[] {
  const entries = Map.groupBy(
    to.filter(({ isKey }) => isKey),
    ({ path }) => path[1],
  );
  return [...entries.values()].flatMap((branches) => {
    const [first] = branches;
    if (first === undefined || branches.length < 2) return [];
    const topics = branches.map(({ topic }) => topic).join(", ");
    const hint = "begin each branch with a dash of its own; a field stands beside its filter";
    const message = `expected one topic in an entry, found ${topics}; ${hint}`;
    return [wrongValue(["services", name, ...first.path.slice(0, 2)], message)];
  });
}

/** What is left, all that a branch without a filter takes, is nothing for those behind it. */
function outOfReach(name: string, { to }: DraftService): Finding[] {
  const all = to.findIndex(({ isKey }) => !isKey);
  if (all < 0) return [];
  const taker = to[all]?.topic;
  return to.slice(all + 1).map(({ topic, path, isKey }) => {
    const hint = `give ${taker} a filter, or move it to the end; any number of services can read a topic`;
    const message = `nothing is left for ${shown(topic)}, because ${taker} before it has no filter; ${hint}`;
    return isKey ? wrongKey(["services", name, ...path], message) : wrongValue(["services", name, ...path], message);
  });
}
