import { type HostAddress, HostError } from "../ssh/host-error.ts";

/** What the rest of a group is asked before one of its members goes down. */
export interface Gate {
  /** Address of the member that goes last (Kafka's controller, ZooKeeper's leader); undefined when nobody knows it now. */
  leader(): Promise<string | undefined>;
  /** Why the group cannot lose this member now; undefined when it can. */
  obstacle(target: HostAddress): Promise<string | undefined>;
  /** Whether the member is out of the group: stopped, or still known under an address that its host has no more. */
  isOut(target: HostAddress): Promise<boolean>;
}

interface Turn {
  readonly target: HostAddress;
  readonly work: () => Promise<void>;
  readonly log: (message: string) => void;
  readonly done: () => void;
  readonly fail: (error: Error) => void;
}

export interface RollTimes {
  /** How long to wait for others of the same change, so that the leader can be put last. */
  readonly gatherMs: number;
  readonly pollMs: number;
  /**
   * How long a change in the group may take: until somebody knows who leads, as a broker that has just come back does
   * not, and until a member that lost the group for a moment is in it again.
   */
  readonly electionMs: number;
  /** How long the group may take to bear the next loss: replicas that catch up take their time on a Pi's card. */
  readonly patienceMs: number;
}

const defaultTimes: RollTimes = { gatherMs: 1_000, pollMs: 500, electionMs: 15_000, patienceMs: 300_000 };

/** Takes the members of a group down and up again one at a time. The first that does not come back stops the rest. */
export class Roll {
  private readonly group: string;
  private readonly gate: Gate;
  private readonly times: RollTimes;
  private waiting: Turn[] = [];
  private rolling = false;
  /** The first that did not come back: nobody goes down after it, whenever they ask. */
  private broken: HostAddress | undefined;

  constructor(group: string, gate: Gate, times = defaultTimes) {
    this.group = group;
    this.gate = gate;
    this.times = times;
  }

  /** @param log takes the gates and the order, as they happen */
  turn(target: HostAddress, work: () => Promise<void>, log: (message: string) => void): Promise<void> {
    return new Promise((done, fail) => {
      this.waiting.push({ target, work, log, done, fail });
      if (!this.rolling) void this.roll();
    });
  }

  private async roll(): Promise<void> {
    this.rolling = true;
    await pause(this.times.gatherMs);
    while (this.waiting.length > 0) {
      const { turn, obstacle } = await this.next();
      try {
        if (this.broken !== undefined) throw this.stopped(turn.target, this.broken);
        if (obstacle !== undefined) throw this.blocked(turn.target, obstacle);
        turn.log(`${turn.target.host}: all others in sync, restarting ${this.group}`);
        await turn.work();
        turn.log(`${turn.target.host}: ${this.group} is back`);
        turn.done();
      } catch (error) {
        this.broken ??= turn.target;
        turn.fail(error as Error);
      }
    }
    this.rolling = false;
  }

  /**
   * The first in line, once the others can do without it: replicas that lag catch up while it waits. Only a member that
   * stays out goes before it, as all others wait for that member and its restart alone brings it back. With an obstacle
   * when nobody could go in time.
   */
  private async next(): Promise<{ readonly turn: Turn; readonly obstacle?: string }> {
    const deadline = Date.now() + this.times.patienceMs;
    const outSince = new Map<Turn, number>();
    for (let logged = ""; ; await pause(this.times.pollMs)) {
      // Each time anew: others come, and the leader moves.
      await this.order();
      const first = this.waiting[0] as Turn;
      const obstacle = await this.obstacle(first);
      if (obstacle === undefined) return { turn: this.take(first) };
      const lost = await this.firstLost(outSince);
      // Asked once more: the obstacle may have gone while the others were asked.
      if (lost !== undefined) return { turn: this.take((await this.obstacle(first)) === undefined ? first : lost) };
      if (obstacle !== logged) first.log(`${first.target.host}: ${this.group} waits: ${obstacle}`);
      logged = obstacle;
      if (Date.now() > deadline) return { turn: this.take(first), obstacle };
    }
  }

  private take(turn: Turn): Turn {
    this.waiting = this.waiting.filter((each) => each !== turn);
    return turn;
  }

  /** The first that has been out for longer than a change in the group takes, and that the others can do without. */
  private async firstLost(outSince: Map<Turn, number>): Promise<Turn | undefined> {
    for (const turn of this.waiting.slice(1)) {
      if (!(await this.gate.isOut(turn.target).catch(() => false))) outSince.delete(turn);
      else if (!outSince.has(turn)) outSince.set(turn, Date.now());
    }
    for (const turn of this.waiting.slice(1)) {
      const isLost = Date.now() - (outSince.get(turn) ?? Infinity) > this.times.electionMs;
      if (isLost && (await this.obstacle(turn)) === undefined) return turn;
    }
    return undefined;
  }

  /** None for those that are only to be told that the roll has stopped. */
  private async obstacle({ target }: Turn): Promise<string | undefined> {
    if (this.broken !== undefined) return undefined;
    return this.gate.obstacle(target).catch((error: Error) => error.message);
  }

  /** The leader last; the others in the order of their names, so that every roll is told the same way. */
  private async order(): Promise<void> {
    const isOrdered = this.waiting.length > 1 && this.broken === undefined;
    const leader = isOrdered ? await this.leader() : undefined;
    this.waiting.sort(
      (a, b) =>
        Number(a.target.address === leader) - Number(b.target.address === leader) ||
        a.target.host.localeCompare(b.target.host),
    );
  }

  private async leader(): Promise<string | undefined> {
    const deadline = Date.now() + this.times.electionMs;
    for (;;) {
      const leader = await this.gate.leader().catch(() => undefined);
      if (leader !== undefined || Date.now() > deadline) return leader;
      await pause(this.times.pollMs);
    }
  }

  private blocked(target: HostAddress, obstacle: string): HostError {
    return new HostError(target, {
      found: `for ${this.times.patienceMs / 1000} s, ${this.group} could not be restarted safely: ${obstacle}`,
      next: "Fix that first; nothing was restarted here.",
    });
  }

  private stopped(target: HostAddress, broken: HostAddress): HostError {
    return new HostError(target, {
      found: `the rolling restart of ${this.group} stopped at ${broken.host}, which failed`,
      next: `Fix ${broken.host}, then run \`pulumi up\` again; nothing was restarted here.`,
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}
