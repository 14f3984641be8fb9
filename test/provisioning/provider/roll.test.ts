import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type Gate, Roll } from "../../../provisioning/provider/roll.ts";

const times = { gatherMs: 20, pollMs: 5, electionMs: 15, patienceMs: 100 };
const open: Gate = {
  leader: async () => undefined,
  obstacle: async () => undefined,
  isOut: async () => false,
};
let log: string[];
let down: number;
// Time passes by itself whenever nothing else is to be done.
beforeEach(() => void jest.useFakeTimers().setTimerTickMode({ mode: "nextAsync" }));
afterEach(() => void jest.useRealTimers());
beforeEach(() => {
  log = [];
  down = 0;
});

/** A restart of one member, which tells when it goes and comes, and fails the test when another is down. */
function restart(roll: Roll, host: string, fate: "works" | "crashes" = "works"): Promise<void> {
  const work = async () => {
    if (++down > 1) throw new Error("two are down at once");
    log.push(`${host} down`);
    await new Promise((resume) => setTimeout(resume, 10));
    if (fate === "crashes") throw new Error(`${host} does not come back`);
    down--;
    log.push(`${host} up`);
  };
  return roll.turn({ host, address: `address of ${host}` }, work, (message) => log.push(message));
}

const outcome = (turns: Promise<void>[]) =>
  Promise.allSettled(turns).then((ended) =>
    ended.map((end) => (end.status === "fulfilled" ? "done" : end.reason.message)),
  );

describe("a roll", () => {
  test("takes one down at a time, in the order of their names, the leader last", async () => {
    const roll = new Roll("kafka.service", { ...open, leader: async () => "address of rpi1" }, times);
    await Promise.all(["rpi3", "rpi1", "rpi0", "rpi2"].map((host) => restart(roll, host)));
    expect(log.filter((line) => line.endsWith("down"))).toEqual(["rpi0 down", "rpi2 down", "rpi3 down", "rpi1 down"]);
    expect(log.slice(0, 4)).toEqual([
      "rpi0: all others in sync, restarting kafka.service",
      "rpi0 down",
      "rpi0 up",
      "rpi0: kafka.service is back",
    ]);
  });

  test("asks for the leader anew each time: it moves", async () => {
    const leaders = ["address of rpi0", "address of rpi2", "address of rpi2"];
    const roll = new Roll("kafka.service", { ...open, leader: async () => leaders.shift() }, times);
    await Promise.all(["rpi0", "rpi1", "rpi2"].map((host) => restart(roll, host)));
    expect(log.filter((line) => line.endsWith("down"))).toEqual(["rpi1 down", "rpi0 down", "rpi2 down"]);
  });

  test("waits until the leader is known: who has just come back does not know it yet", async () => {
    const leaders = ["address of rpi1", undefined, "address of rpi1"];
    const roll = new Roll("kafka.service", { ...open, leader: async () => leaders.shift() }, times);
    await Promise.all(["rpi0", "rpi1", "rpi2"].map((host) => restart(roll, host)));
    expect(log.filter((line) => line.endsWith("down"))).toEqual(["rpi0 down", "rpi2 down", "rpi1 down"]);
  });

  test("goes by the names alone when nobody says who leads", async () => {
    const roll = new Roll("kafka.service", { ...open, leader: () => Promise.reject(new Error("no broker")) }, times);
    await Promise.all(["rpi1", "rpi0"].map((host) => restart(roll, host)));
    expect(log.filter((line) => line.endsWith("down"))).toEqual(["rpi0 down", "rpi1 down"]);
  });

  test("waits until the others can bear it, and tells once what for", async () => {
    const obstacles = ["a/0 lags", "a/0 lags", "a/0 lags", "b/0 lags"];
    const roll = new Roll("kafka.service", { ...open, obstacle: async () => obstacles.shift() }, times);
    await restart(roll, "rpi0");
    expect(log).toEqual([
      "rpi0: kafka.service waits: a/0 lags",
      "rpi0: kafka.service waits: b/0 lags",
      "rpi0: all others in sync, restarting kafka.service",
      "rpi0 down",
      "rpi0 up",
      "rpi0: kafka.service is back",
    ]);
  });

  test("takes the one first that all others wait for, also when it asks after them", async () => {
    let isOut = true;
    const obstacle: Gate["obstacle"] = async ({ host }) => (isOut && host !== "rpi2" ? "rpi2 is out" : undefined);
    const isOutNow: Gate["isOut"] = async ({ host }) => isOut && host === "rpi2";
    const gate: Gate = { leader: async () => "address of rpi2", obstacle, isOut: isOutNow };
    const roll = new Roll("kafka.service", gate, times);
    const turns = ["rpi0", "rpi1"].map((host) => restart(roll, host));
    await new Promise((resume) => setTimeout(resume, 40));
    const third = restart(roll, "rpi2").then(() => {
      isOut = false;
    });
    turns.push(third);
    expect(await outcome(turns)).toEqual(["done", "done", "done"]);
    expect(log.filter((line) => !line.endsWith("up") && !line.endsWith("back"))).toEqual([
      "rpi0: kafka.service waits: rpi2 is out",
      "rpi2: all others in sync, restarting kafka.service",
      "rpi2 down",
      "rpi0: all others in sync, restarting kafka.service",
      "rpi0 down",
      "rpi1: all others in sync, restarting kafka.service",
      "rpi1 down",
    ]);
  });

  test("keeps to the order when what stood in the way is gone while it asks", async () => {
    const asked: string[] = [];
    const obstacle: Gate["obstacle"] = async ({ host }) => {
      asked.push(host);
      return host === "rpi0" && !asked.includes("rpi1") ? "rpi1 is out" : undefined;
    };
    const isOut: Gate["isOut"] = async ({ host }) => host === "rpi1";
    const roll = new Roll("kafka.service", { leader: async () => "address of rpi1", obstacle, isOut }, times);
    await Promise.all(["rpi0", "rpi1"].map((host) => restart(roll, host)));
    const turned = asked.indexOf("rpi1");
    expect(asked.slice(turned - 1, turned + 2)).toEqual(["rpi0", "rpi1", "rpi0"]);
    expect(log.filter((line) => line.endsWith("down"))).toEqual(["rpi0 down", "rpi1 down"]);
  });

  test("takes nobody before its turn while replicas catch up, the active controller least of all", async () => {
    // Once rpi1 is back, a replica of rpi0, the controller, lags for a moment: rpi0 alone could be restarted.
    let lags = 0;
    const obstacle: Gate["obstacle"] = async ({ host }) => (host !== "rpi0" && lags-- > 0 ? "a/0 lags" : undefined);
    const roll = new Roll("kafka.service", { ...open, leader: async () => "address of rpi0", obstacle }, times);
    const first = restart(roll, "rpi1").then(() => {
      lags = 8;
    });
    await Promise.all([first, ...["rpi0", "rpi2", "rpi3"].map((host) => restart(roll, host))]);
    expect(log.filter((line) => line.endsWith("down"))).toEqual(["rpi1 down", "rpi2 down", "rpi3 down", "rpi0 down"]);
    expect(log).toContain("rpi2: kafka.service waits: a/0 lags");
  });

  test("waits for one that is out for a moment", async () => {
    let moments = 3;
    const obstacle: Gate["obstacle"] = async ({ host }) =>
      host === "rpi0" && moments > 0 ? "only 2 of 3 brokers are up" : undefined;
    const isOut: Gate["isOut"] = async ({ host }) => host === "rpi2" && moments-- > 0;
    const slowElection = { ...times, electionMs: 60 };
    const roll = new Roll("kafka.service", { leader: async () => "address of rpi1", obstacle, isOut }, slowElection);
    await Promise.all(["rpi0", "rpi1", "rpi2"].map((host) => restart(roll, host)));
    expect(log.filter((line) => line.endsWith("down"))).toEqual(["rpi0 down", "rpi2 down", "rpi1 down"]);
  });

  test("puts one last that became the leader while the roll waited", async () => {
    let leader = "rpi1";
    let lags = 3;
    const obstacle: Gate["obstacle"] = async () => {
      if (lags-- <= 0) return undefined;
      leader = "rpi0";
      return "a/0 lags";
    };
    const roll = new Roll("kafka.service", { ...open, leader: async () => `address of ${leader}`, obstacle }, times);
    await Promise.all(["rpi0", "rpi1"].map((host) => restart(roll, host)));
    expect(log.filter((line) => line.endsWith("down"))).toEqual(["rpi1 down", "rpi0 down"]);
  });

  test("counts a gate that cannot be asked as an obstacle", async () => {
    const answers = [Promise.reject(new Error("no broker answers")), Promise.resolve(undefined)];
    const roll = new Roll("kafka.service", { ...open, obstacle: () => answers.shift() ?? Promise.reject() }, times);
    await restart(roll, "rpi0");
    expect(log[0]).toBe("rpi0: kafka.service waits: no broker answers");
  });

  test("stops at the first that does not come back, for those that wait and those that come later", async () => {
    const roll = new Roll("kafka.service", open, times);
    const first = await outcome([restart(roll, "rpi0", "crashes"), restart(roll, "rpi1"), restart(roll, "rpi2")]);
    const stopped = (host: string) =>
      `${host} (address of ${host}): the rolling restart of kafka.service stopped at rpi0, which failed. ` +
      "Fix rpi0, then run `pulumi up` again; nothing was restarted here.";
    expect(first).toEqual(["rpi0 does not come back", stopped("rpi1"), stopped("rpi2")]);
    expect(await outcome([restart(roll, "rpi3")])).toEqual([stopped("rpi3")]);
    expect(log.filter((line) => line.endsWith("down"))).toEqual(["rpi0 down"]);
  });

  test("gives up when the others cannot bear it in time, and touches nobody", async () => {
    const roll = new Roll("kafka.service", { ...open, obstacle: async () => "a/0 lags" }, times);
    const [first, second] = await outcome([restart(roll, "rpi0"), restart(roll, "rpi1")]);
    expect(first).toBe(
      "rpi0 (address of rpi0): for 0.1 s, kafka.service could not be restarted safely: a/0 lags. " +
        "Fix that first; nothing was restarted here.",
    );
    expect(second).toMatch(/the rolling restart of kafka\.service stopped at rpi0/);
    expect(log).toEqual(["rpi0: kafka.service waits: a/0 lags"]);
  });

  test("takes whoever comes while it goes on, and whoever comes when it was over", async () => {
    const roll = new Roll("kafka.service", open, times);
    const turns = [restart(roll, "rpi0").then(() => restart(roll, "rpi1"))];
    await new Promise((resume) => setTimeout(resume, 25));
    turns.push(restart(roll, "rpi2"));
    expect(await outcome(turns)).toEqual(["done", "done"]);
    await new Promise((resume) => setTimeout(resume, 50));
    expect(await outcome([restart(roll, "rpi3")])).toEqual(["done"]);
  });
});
