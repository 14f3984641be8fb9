/** A service as the graph sees it: what it reads and writes. */
export interface Stage {
  readonly name: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** Services that write what `stage` reads. */
export function upstream<S extends Stage>(stages: readonly S[], stage: Stage): S[] {
  return stages.filter(({ to }) => to.some((topic) => stage.from.includes(topic)));
}

/** Services that read what `stage` writes. */
export function downstream<S extends Stage>(stages: readonly S[], stage: Stage): S[] {
  return stages.filter(({ from }) => from.some((topic) => stage.to.includes(topic)));
}

/**
 * Every way in which a stream comes back to where it was, each as the services on it in the direction of the stream,
 * beginning with the one that was given first. A depth-first search; an edge back to a stage on the way closes a cycle.
 */
export function cycles<S extends Stage>(stages: readonly S[]): S[][] {
  const found: S[][] = [];
  const done = new Set<S>();
  const visit = (stage: S, way: readonly S[]): void => {
    const start = way.indexOf(stage);
    if (start >= 0) {
      found.push(fromFirst(way.slice(start), stages));
      return;
    }
    if (done.has(stage)) return;
    for (const next of downstream(stages, stage)) visit(next, [...way, stage]);
    done.add(stage);
  };
  for (const stage of stages) visit(stage, []);
  return found;
}

/** Upstream first; otherwise in the order given. The stages must be free of cycles. */
export function inOrder<S extends Stage>(stages: readonly S[]): S[] {
  const placed: S[] = [];
  const waiting = [...stages];
  while (waiting.length > 0) {
    const ready = waiting.findIndex((stage) => upstream(waiting, stage).length === 0);
    if (ready < 0) throw new Error(`a cycle among ${waiting.map(({ name }) => name).join(", ")}`);
    placed.push(...waiting.splice(ready, 1));
  }
  return placed;
}

function fromFirst<S>(cycle: readonly S[], stages: readonly S[]): S[] {
  const first = Math.min(...cycle.map((stage) => stages.indexOf(stage)));
  const turn = cycle.findIndex((stage) => stages.indexOf(stage) === first);
  return [...cycle.slice(turn), ...cycle.slice(0, turn)];
}
