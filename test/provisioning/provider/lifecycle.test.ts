import { describe, expect, test } from "@jest/globals";
import { NoBrokerError } from "../../../provisioning/kafka/unanswered.ts";
import type { Properties } from "../../../provisioning/provider/diff.ts";
import { converge, PartialFailure, preview, read } from "../../../provisioning/provider/lifecycle.ts";
import type { AnyResourceType } from "../../../provisioning/provider/registry.ts";
import type { Session } from "../../../provisioning/resources/resource-type.ts";

const shown: string[] = [];
const session = { progress: (message: string) => shown.push(message) } as unknown as Session;
const noBroker = new NoBrokerError(["10.42.0.250:9092"], new Error("ECONNREFUSED"));
const broken = new Error("rpi0: broken");

/**
 * A resource that answers `observe` with one look after another, and what is asked of it beside; it fails on a look too
 * many and on whatever it was not given.
 */
function resource(looks: readonly (Properties | undefined | Error)[], does: Partial<AnyResourceType> = {}) {
  const left = [...looks];
  const unexpected = (what: string) => () => Promise.reject(new Error(`unexpected ${what}`));
  const type: AnyResourceType = {
    token: "test:test:Thing",
    replaceOn: [],
    deleteBeforeReplace: false,
    local: [],
    id: ({ name }) => `id of ${name}`,
    observe: async () => {
      if (left.length === 0) throw new Error("unexpected look");
      const look = left.shift();
      if (look instanceof Error) throw look;
      return look;
    },
    apply: unexpected("apply"),
    steps: () => [],
    validate: unexpected("validate"),
    remove: unexpected("remove"),
    ...does,
  };
  return { type, unused: () => left.length };
}

const want = { name: "a", size: 2 };
const have = { name: "a", size: 1, seen: true };
const recorded = { name: "a", size: 0, seen: true, once: true };
const fails = { apply: () => Promise.reject(broken) };

describe("preview", () => {
  test("of a new thing tells what was seen and what will be, after the thing itself has agreed", async () => {
    const validated: unknown[] = [];
    const validate: AnyResourceType["validate"] = async (_, ...seen) => void validated.push(seen);
    expect(await preview(resource([undefined], { validate }).type, session, want)).toEqual(want);
    expect(await preview(resource([have], { validate }).type, session, want)).toEqual({ ...want, seen: true });
    expect(validated).toEqual([
      [want, undefined, false, undefined],
      [want, have, false, undefined],
    ]);
  });

  test("of a change looks at what is there now, as the change itself will", async () => {
    const validated: unknown[] = [];
    const validate: AnyResourceType["validate"] = async (_, ...seen) => void validated.push(seen);
    const state = await preview(resource([have], { validate }).type, session, want, recorded);
    expect(state).toEqual({ ...want, seen: true, once: true });
    expect(validated).toEqual([[want, have, true, recorded]]);
  });

  test("refuses what the thing refuses", async () => {
    const validate = () => Promise.reject(broken);
    await expect(preview(resource([have], { validate }).type, session, want)).rejects.toBe(broken);
  });

  test("goes by the wish where no broker answers yet, and by nothing where a look fails", async () => {
    expect(await preview(resource([noBroker]).type, session, want)).toEqual(want);
    expect(await preview(resource([noBroker]).type, session, want, recorded)).toEqual({ ...recorded, ...want });
    await expect(preview(resource([broken]).type, session, want)).rejects.toBe(broken);
  });
});

describe("converge", () => {
  test("makes it so from what is there, not from what was recorded", async () => {
    const applied: unknown[] = [];
    const apply: AnyResourceType["apply"] = async (_, ...seen) => {
      applied.push(seen);
      return { ...want, made: true };
    };
    expect(await converge(resource([undefined], { apply }).type, session, want)).toEqual({ ...want, made: true });
    await converge(resource([have], { apply }).type, session, want, recorded);
    expect(applied).toEqual([
      [want, undefined, false, undefined],
      [want, have, true, recorded],
    ]);
  });

  test.each([
    ["a new thing that is half there", [undefined, have], undefined],
    ["somebody else's thing that it had begun to change", [have, { ...have, size: 1.5 }], undefined],
    ["a change of its own", [have, { ...have, size: 1.5 }], recorded],
    ["its own thing, gone by hand, half there again", [undefined, have], recorded],
  ])("keeps %s when it fails", async (_, looks, before) => {
    const failure = await converge(resource(looks, fails).type, session, want, before).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(PartialFailure);
    expect(failure).toMatchObject({ id: "id of a", state: looks[1], message: broken.message, cause: broken });
  });

  test.each([
    ["nothing came of a new thing", [undefined, undefined], undefined],
    ["somebody else's thing is as it was", [have, { ...have }], undefined],
    ["nobody can tell what is left", [undefined, broken], undefined],
    ["its own thing is gone", [have, undefined], recorded],
    ["its own thing is as it was: the change was refused", [have, { ...have }], recorded],
  ])("is a plain failure when %s", async (_, looks, before) => {
    const { type, unused } = resource(looks, fails);
    await expect(converge(type, session, want, before)).rejects.toBe(broken);
    expect(unused()).toBe(0);
  });

  test.each([noBroker, broken])("touches nothing when it cannot look: %s", async (error) => {
    await expect(converge(resource([error]).type, session, want, recorded)).rejects.toBe(error);
  });
});

describe("read", () => {
  test("tells what is there, and what is proven absent", async () => {
    expect(await read(resource([have]).type, session, recorded)).toEqual(have);
    expect(await read(resource([undefined]).type, session, recorded)).toBeUndefined();
  });

  test("keeps the recorded state where Kafka does not answer, and says so", async () => {
    shown.length = 0;
    expect(await read(resource([noBroker]).type, session, recorded)).toEqual(recorded);
    expect(shown).toEqual(["Kafka does not answer: kept as last seen"]);
  });

  test("takes a host that cannot be asked for no proof of absence", async () => {
    await expect(read(resource([broken]).type, session, recorded)).rejects.toBe(broken);
  });
});
