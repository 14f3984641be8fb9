import { advance, advanceInStages, type ChainState, type Link, OperatorError } from "../operators/chain.ts";
import { decodeValue, encodeValue, PoisonError } from "./codec.ts";
import type { IncomingRecord } from "./kafka/kafka.ts";
import { keepable } from "./state.ts";

/** What becomes of a run of records: everything that one transaction must hold, before any of it is written. */
export interface Processed {
  readonly state: ChainState;
  /** Each value that came out at the end, with the record it came from. */
  readonly outputs: readonly { readonly record: IncomingRecord; readonly value: string }[];
  /** All stages of each value that came out, first the input; only when asked for. */
  readonly paths: readonly (readonly string[])[];
  readonly poison: readonly { readonly record: IncomingRecord; readonly error: PoisonError }[];
}

/** Pure: the same records from the same state give the same result, as often as a transaction has to be tried. */
export function processBatch(
  chain: readonly Link[],
  before: ChainState,
  records: readonly IncomingRecord[],
  withStages: boolean,
): Processed {
  let state = before;
  const outputs: { record: IncomingRecord; value: string }[] = [];
  const paths: string[][] = [];
  const poison: { record: IncomingRecord; error: PoisonError }[] = [];
  for (const record of records) {
    try {
      const [after, stages] = runChain(chain, state, decodeValue(record.value), withStages);
      state = after;
      for (const path of stages) {
        if (withStages) paths.push(path);
        outputs.push({ record, value: path.at(-1) as string });
      }
    } catch (error) {
      poison.push({ record, error: poisonError(error) });
    }
  }
  return { state, outputs, paths, poison };
}

/** All or nothing for one record: when a value cannot be written, the state does not move on either. */
function runChain(
  chain: readonly Link[],
  state: ChainState,
  value: number,
  withStages: boolean,
): [ChainState, string[][]] {
  if (!withStages) {
    const [after, values] = advance(chain, state, value);
    return [kept(chain, after), values.map((each) => [encodeValue(each, chain.at(-1)?.name)])];
  }
  const [after, paths] = advanceInStages(chain, state, value);
  return [
    kept(chain, after),
    paths.map((path) => path.map((stage, place) => encodeValue(stage, chain[place - 1]?.name))),
  ];
}

function kept(chain: readonly Link[], state: ChainState): ChainState {
  for (const [place, { name, operator }] of chain.entries()) if (operator.stateful) keepable(state[place], name);
  return state;
}

function poisonError(error: unknown): PoisonError {
  if (error instanceof PoisonError) return error;
  if (error instanceof OperatorError) {
    return new PoisonError(error.message, { operator: error.operator, cause: error.cause });
  }
  throw error;
}
