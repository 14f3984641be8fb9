import { advance } from "./chain.ts";
import { ChainState } from "./chain-state.ts";
import type { Link, Message } from "./message.ts";
import type { TopicFormat } from "./topics-of.ts";

/** A topic with the filter that chooses what goes there; without one, everything that is left does. */
export interface Branch extends TopicFormat {
  readonly when?: Link;
}

/**
 * The first branch that takes a value; undefined when none does. Throws the OperatorError of a filter that refuses it.
 * Source: Kafka Streams, KStream.split, BranchedKStream.branch, defaultBranch.
 */
export function branchFor<B extends Branch>(branches: readonly B[], message: Message): B | undefined {
  return branches.find(({ when }) => when === undefined || keeps(when, message));
}

function keeps(filter: Link, message: Message): boolean {
  return advance([filter], new ChainState(), message, () => true).outputs.length > 0;
}
