import { describe, expect, test } from "@jest/globals";
import type { Change, Properties } from "../../../provisioning/impact/change.ts";
import type { DeclaredPipeline, DeclaredService, Facts } from "../../../provisioning/impact/declared-pipeline.ts";
import { impact } from "../../../provisioning/impact/impact.ts";
import { dynamicBrokerConfig } from "../../../provisioning/resources/dynamic-broker-config.ts";
import { release } from "../../../provisioning/resources/release.ts";
import { type UnitArgs, unit } from "../../../provisioning/resources/unit.ts";

const ewma = { operator: "ewma", params: { alpha: 0.5 }, stateful: true };
const threshold = { operator: "threshold", params: { above: 50 }, stateful: false };
const average = { operator: "moving-average", params: { over: 3 }, stateful: true };
const extract = { operator: "extract-field", params: { field: "lat" }, field: "position", stateful: false };
const window = {
  operator: "time-window",
  params: { size: "4s", grace: 0, compute: "mean" },
  stateful: true,
  stateBasis: { size: 4000 },
};
const con1: DeclaredService = { on: "rpi1", from: "in", apply: [threshold], to: "mid" };
const con2: DeclaredService = { on: "rpi2", from: "mid", apply: [ewma], to: "out", changelog: "p-con2-changelog" };
const con4: DeclaredService = { ...con2, from: "in", apply: [ewma, window], changelog: "p-con4-changelog" };
const con5: DeclaredService = { ...con2, from: "in", apply: [window], changelog: "p-con5-changelog" };
const pro: DeclaredService = { on: "rpi0", everyMs: 3000, apply: [], to: "in", changelog: "p-pro-changelog" };

const declared: DeclaredPipeline = {
  hosts: { rpi0: "10.42.0.250", rpi1: "10.42.0.251", rpi2: "10.42.0.252", rpi3: "10.42.0.253" },
  bootstrapServers: ["10.42.0.250:9092"],
  firstServers: ["10.42.0.250:9092"],
  keepData: false,
  services: { pro, con1, con2, con4, con5 },
  topics: { in: { role: "stream" }, mid: { role: "stream" }, out: { role: "stream" } },
};
const withService = (name: string, changed: Partial<DeclaredService>): DeclaredPipeline => ({
  ...declared,
  services: { ...declared.services, [name]: { ...(declared.services[name] as DeclaredService), ...changed } },
});
const nothingKnown: Facts = { contents: new Map(), alone: new Map(), held: new Map() };

const target = (host: string) => ({ host, address: declared.hosts[host] ?? "" });
const bundle = (service: string, digest: string) => `/opt/bramble/releases/${service}/${digest}/service.mjs`;

function serviceUnit(service: string, host: string, digest: string): UnitArgs {
  const path = bundle(service, digest);
  return {
    ...target(host),
    ...(service !== "" && { service, replica: 1 }),
    name: `bramble-${service}.service`,
    content: `[Service]\nExecStart=/opt/node ${path}\nMemoryMax=256M\n`,
    reads: { [path]: digest },
    ...{ dropIns: [], enabled: "enabled", active: "active", running: "current", readyPort: 0, rolls: "freely" },
  };
}

const settings = "/opt/kafka/config/server.properties";
function brokerUnit(host: string, sum: string): UnitArgs {
  return {
    ...serviceUnit("", host, ""),
    name: "kafka.service",
    content: "",
    reads: { [settings]: sum },
    rolls: "kafka",
  };
}

/** What the provider makes of a unit's three faces. */
function unitChange(want: UnitArgs, have: UnitArgs | undefined, recorded: UnitArgs | undefined = have): Change {
  const replace = have !== undefined && have.host !== want.host;
  const steps = unit.definition.plan(want, replace ? undefined : have, true).map(({ does }) => does);
  const operation = replace ? "replace" : have === undefined ? "create" : "update";
  const faces = [want, have, recorded].map((face) => face as Properties | undefined);
  return { token: unit.token, operation, want: faces[0], have: faces[1], recorded: faces[2], steps };
}

/** A service whose release is another: as an edit of its operators makes it. */
function edited(service: string, host: string, to = host, files: [Properties, Properties] = [{}, {}]): Change[] {
  const path = (digest: string) => bundle(service, digest).replace("/service.mjs", "");
  return [
    unitChange(serviceUnit(service, to, "b2"), serviceUnit(service, host, "a1")),
    {
      token: release.token,
      operation: "replace",
      have: { ...target(host), service, path: path("a1"), files: { "service.mjs": "a1", ...files[0] } },
      want: { ...target(to), service, path: path("b2"), files: { "service.mjs": "b2", ...files[1] } },
      steps: ["write it"],
    },
  ];
}

function topic(
  operation: Change["operation"],
  want: Properties | undefined,
  have?: Properties,
  recorded = have,
): Change {
  return { token: "bramble:kafka:Topic", operation, want, have, recorded, steps: [] };
}

function properties(host: string, content: string, before: string, recorded = before): Change {
  const file = (text: string) => ({ ...target(host), path: settings, content: text, mode: "0644", owner: "root:root" });
  const faces = { want: file(content), have: file(before), recorded: file(recorded) };
  return { token: "bramble:host:File", operation: "update", ...faces, steps: [`write ${settings}`] };
}

const pause = "after a pause of a few seconds";
const continues = `it continues where it stopped, ${pause}`;

interface Case {
  readonly changes?: Change[];
  readonly before?: DeclaredPipeline;
  readonly after?: DeclaredPipeline;
  readonly facts?: Partial<Facts>;
  readonly said: string[];
}

/** The sentences, without the last. */
function said({ changes = [], before = declared, after = declared, facts = {} }: Omit<Case, "said">): string[] {
  const sentences = impact(changes, before, after, { ...nothingKnown, ...facts });
  if (sentences.length > 0) expect(sentences.pop()).toBe("Nothing else is touched.");
  return sentences;
}

/** Of several replicas, the one of this number. */
function replicaUnit(service: string, replica: number, host: string, digest = "a1"): UnitArgs {
  return { ...serviceUnit(service, host, digest), replica, name: `bramble-${service}@${replica}.service` };
}
const gone = (have: UnitArgs): Change => {
  const face = have as unknown as Properties;
  return { token: unit.token, operation: "delete", have: face, recorded: face, steps: [] };
};
const reassigned = `partitions are reassigned, each with its state and position, ${pause}`;
const replicated = withService("con2", { on: ["rpi2", "rpi3", "rpi2"] });

const running = serviceUnit("con1", "rpi1", "a1");
const { to: _, ...con2File } = { ...con2, file: "means.txt" };
const writing: DeclaredPipeline = { ...declared, services: { ...declared.services, con2: con2File } };
const replicas: Record<string, Case> = {
  "a service that is new with several": {
    changes: [
      unitChange(serviceUnit("con2", "rpi2", "a1"), undefined),
      unitChange(replicaUnit("con2", 2, "rpi3"), undefined),
      unitChange(replicaUnit("con2", 3, "rpi2"), undefined),
    ],
    before: { ...declared, services: { pro, con1 } },
    after: replicated,
    said: [
      "con2 is new on rpi2 and rpi3 with 3 replicas: it reads mid from the first unread record, without state, and writes out.",
    ],
  },
  "one more": {
    changes: [unitChange(replicaUnit("con2", 2, "rpi3"), undefined)],
    after: withService("con2", { on: ["rpi2", "rpi3"] }),
    said: [`con2 gets a second replica on rpi3: ${reassigned}.`],
  },
  "two more": {
    changes: [3, 2].map((replica) => unitChange(replicaUnit("con2", replica, `rpi${replica}`), undefined)),
    after: replicated,
    said: [`con2 gets a second replica on rpi2 and a third one on rpi3: ${reassigned}.`],
  },
  "one fewer": {
    changes: [gone(replicaUnit("con2", 3, "rpi2"))],
    before: replicated,
    after: withService("con2", { on: ["rpi2", "rpi3"] }),
    said: [`con2 loses its third replica on rpi2, stopped before anything else changes: ${reassigned}.`],
  },
  "all of them edited": {
    changes: [
      ...edited("con2", "rpi2"),
      ...edited("con2", "rpi3").map((change) =>
        change.token === unit.token
          ? unitChange(replicaUnit("con2", 2, "rpi3", "b2"), replicaUnit("con2", 2, "rpi3"))
          : change,
      ),
      unitChange(replicaUnit("con2", 3, "rpi2", "b2"), replicaUnit("con2", 3, "rpi2")),
    ],
    before: replicated,
    after: {
      ...replicated,
      services: {
        ...replicated.services,
        con2: { ...con2, on: ["rpi2", "rpi3", "rpi2"], apply: [{ ...ewma, params: { alpha: 0.2 } }] },
      },
    },
    said: [
      `con2 on rpi2 and rpi3 restarts with alpha: 0.2 (was 0.5): it keeps its state (changelog p-con2-changelog), and ewma continues from it under the new rule; ${continues}.`,
    ],
  },
  "one of them stopped by hand": {
    changes: [
      unitChange(
        replicaUnit("con2", 2, "rpi3"),
        { ...replicaUnit("con2", 2, "rpi3"), active: "inactive" },
        replicaUnit("con2", 2, "rpi3"),
      ),
    ],
    before: replicated,
    after: replicated,
    said: ["the unit of the second replica of con2 on rpi3 was stopped by hand: it starts again."],
  },
  "one of them on another host": {
    changes: [unitChange(replicaUnit("con2", 2, "rpi1"), replicaUnit("con2", 2, "rpi3"))],
    before: replicated,
    after: withService("con2", { on: ["rpi2", "rpi1", "rpi2"] }),
    said: [
      `the second replica of con2 moves from rpi3 to rpi1: it stops on rpi3 before it starts on rpi1; it keeps its state (changelog p-con2-changelog); ${continues}.`,
    ],
  },
  "a service that is taken out with all of them": {
    changes: [gone(serviceUnit("con2", "rpi2", "a1")), gone(replicaUnit("con2", 2, "rpi3"))],
    before: { ...declared, services: { pro, con1, con2: { ...con2, on: ["rpi2", "rpi3"] } } },
    after: { ...declared, services: { pro, con1 } },
    said: [
      "con2 on rpi2 and rpi3 is stopped before anything else changes, then removed with its changelog p-con2-changelog.",
    ],
  },
};

const services: Record<string, Case> = {
  "nothing changes": { said: [] },
  "a parameter of an operator without state": {
    changes: edited("con1", "rpi1"),
    after: withService("con1", { apply: [{ ...threshold, params: { above: 55 } }] }),
    said: [`con1 on rpi1 restarts with above: 55 (was 50): ${continues}.`],
  },
  "what a failure may do": {
    changes: edited("con1", "rpi1"),
    after: withService("con1", { processingGuarantee: "at_least_once" }),
    said: [`con1 on rpi1 restarts with processingGuarantee: at_least_once (was exactly_once): ${continues}.`],
  },
  "how far ahead of the clock an event time may be": {
    changes: edited("con1", "rpi1"),
    after: withService("con1", { maxAheadMs: 172_800_000 }),
    said: [`con1 on rpi1 restarts with maxAhead: 2d (was 30m): ${continues}.`],
  },
  "a parameter of one with state": {
    changes: edited("con2", "rpi2"),
    after: withService("con2", { apply: [{ ...ewma, params: { alpha: 0.2 } }] }),
    said: [
      `con2 on rpi2 restarts with alpha: 0.2 (was 0.5): it keeps its state (changelog p-con2-changelog), and ewma continues from it under the new rule; ${continues}.`,
    ],
  },
  "another filter of a branch": {
    changes: edited("con1", "rpi1"),
    before: withService("con1", { to: ["hot", "cold"], filters: { hot: { threshold: { above: 75 } } } }),
    after: withService("con1", { to: ["hot", "cold"], filters: { hot: { threshold: { above: 80 } } } }),
    said: [
      `con1 on rpi1 restarts with hot: { threshold: { above: 80 } } (was { threshold: { above: 75 } }): ${continues}.`,
    ],
  },
  "one more topic to merge": {
    changes: edited("con1", "rpi1"),
    after: withService("con1", { from: ["in", "more"] }),
    said: [
      `con1 on rpi1 restarts with from: [in, more] (was in): it reads more from the first unread record; it continues reading in where it stopped, ${pause}.`,
    ],
  },
  "more of a generated source": {
    changes: edited("pro", "rpi0"),
    before: withService("pro", { source: { random: { between: [0, 30], seed: 7 }, count: 100 } }),
    after: withService("pro", { source: { random: { between: [0, 30], seed: 7 }, count: 200 } }),
    said: [`pro on rpi0 restarts with count: 200 (was 100): it continues where it stopped, ${pause}.`],
  },
  "another file to follow": {
    changes: edited("pro", "rpi0"),
    before: withService("pro", { everyMs: undefined, source: { file: "/var/log/a" } }),
    after: withService("pro", { everyMs: undefined, source: { file: "/var/log/b" } }),
    said: [
      `pro on rpi0 restarts with file: /var/log/b (was /var/log/a): it reads /var/log/b from the beginning, ${pause}.`,
    ],
  },
  "other values of a generated source": {
    changes: edited("pro", "rpi0"),
    before: withService("pro", { source: { random: { between: [0, 30], seed: 7 } } }),
    after: withService("pro", { source: { random: { between: [0, 40], seed: 7 } } }),
    said: [
      `pro on rpi0 restarts with random: { between: [0, 40], seed: 7 } (was { between: [0, 30], seed: 7 }): it starts with its first value, ${pause}.`,
    ],
  },
  "a parameter that the state does not depend on": {
    changes: edited("con5", "rpi2"),
    after: withService("con5", { apply: [{ ...window, params: { ...window.params, grace: "1s" } }] }),
    said: [
      `con5 on rpi2 restarts with grace: 1s (was 0): it keeps its state (changelog p-con5-changelog), and time-window continues from it under the new rule; ${continues}.`,
    ],
  },
  "a parameter that the state depends on": {
    changes: edited("con5", "rpi2"),
    after: withService("con5", {
      apply: [{ ...window, params: { ...window.params, size: "5s" }, stateBasis: { size: 5000 } }],
    }),
    said: [`con5 on rpi2 restarts with size: 5s (was 4s): its state is reset (size: 4s -> 5s); ${continues}.`],
  },
  "a parameter that the state of one of two operators depends on": {
    changes: edited("con4", "rpi2"),
    after: withService("con4", {
      apply: [
        ewma,
        { ...window, params: { ...window.params, advance: "1s" }, stateBasis: { size: 4000, advance: 1000 } },
      ],
    }),
    said: [
      `con4 on rpi2 restarts with advance: 1s: the state of time-window (step 2) is reset (advance: none -> 1s); the state of ewma (step 1) is kept; ${continues}.`,
    ],
  },
  "an operator of one's own whose code says that its state is another": {
    changes: edited("con2", "rpi2"),
    after: withService("con2", { apply: [{ ...ewma, stateBasis: { version: 2 } }] }),
    said: [
      `con2 on rpi2 restarts with changed code or settings: its state is reset (version: none -> 2); ${continues}.`,
    ],
  },
  "the field that an operator with state works on": {
    changes: edited("con2", "rpi2"),
    after: withService("con2", { apply: [{ ...ewma, field: "celsius" }] }),
    said: [
      `con2 on rpi2 restarts with field: celsius: the state of ewma (step 1) is dropped; ewma (step 1) starts without state; ${continues}.`,
    ],
  },
  "a parameter named field of an operator that works on a field": {
    changes: edited("con1", "rpi1"),
    before: withService("con1", { apply: [extract] }),
    after: withService("con1", { apply: [{ ...extract, params: { field: "lon" } }] }),
    said: [`con1 on rpi1 restarts with field: lon (was lat): ${continues}.`],
  },
  "another operator": {
    changes: edited("con2", "rpi2"),
    after: withService("con2", { apply: [average] }),
    said: [
      `con2 on rpi2 restarts with apply: [moving-average] (was [ewma]): the state of ewma (step 1) is dropped; moving-average (step 1) starts without state; ${continues}.`,
    ],
  },
  "an operator before one with state, which the runtime knows by its index": {
    changes: edited("con2", "rpi2"),
    after: withService("con2", { apply: [threshold, ewma] }),
    said: [
      `con2 on rpi2 restarts with apply: [threshold, ewma] (was [ewma]): the state of ewma (step 1) is dropped; ewma (step 2) starts without state; ${continues}.`,
    ],
  },
  "an operator behind it": {
    changes: edited("con2", "rpi2"),
    after: withService("con2", { apply: [ewma, threshold] }),
    said: [
      `con2 on rpi2 restarts with apply: [ewma, threshold] (was [ewma]): it keeps its state (changelog p-con2-changelog); ${continues}.`,
    ],
  },
  "code of one's own, or of bramble": {
    changes: edited("con1", "rpi1"),
    said: [`con1 on rpi1 restarts with changed code or settings: ${continues}.`],
  },
  "another Pi": {
    changes: edited("con2", "rpi2", "rpi3"),
    after: withService("con2", { on: "rpi3" }),
    said: [
      `con2 moves from rpi2 to rpi3: it stops on rpi2 before it starts on rpi3; it keeps its state (changelog p-con2-changelog); ${continues}.`,
    ],
  },
  "another input": {
    changes: edited("con2", "rpi2"),
    after: withService("con2", { from: "in" }),
    said: [
      `con2 on rpi2 restarts with from: in (was mid): it keeps its state (changelog p-con2-changelog); it reads in from the first unread record, ${pause}.`,
    ],
  },
  "the pace of a source": {
    changes: edited("pro", "rpi0", "rpi0", [{ "a.txt": "1" }, { "a.txt": "1" }]),
    after: withService("pro", { everyMs: 500 }),
    said: [`pro on rpi0 restarts with every: 500ms (was 3s): it continues in its file where it stopped, ${pause}.`],
  },
  "another file under another name": {
    changes: edited("pro", "rpi0", "rpi0", [{ "a.txt": "1" }, { "b.txt": "2" }]),
    said: [`pro on rpi0 restarts with another source file: it starts with the first value of the file, ${pause}.`],
  },
  "the same file under another name": {
    changes: edited("pro", "rpi0", "rpi0", [{ "a.txt": "1" }, { "b.txt": "1" }]),
    said: [`pro on rpi0 restarts with changed code or settings: it continues in its file where it stopped, ${pause}.`],
  },
  "another broker to begin with": {
    changes: edited("con1", "rpi1"),
    after: { ...declared, firstServers: ["10.42.0.250:9092", "10.42.0.251:9092"] },
    said: [`con1 on rpi1 restarts with the new list of brokers: ${continues}.`],
  },
  "a service that is renamed": {
    changes: [unitChange(serviceUnit("con3", "rpi1", "a1"), undefined)],
    after: { ...declared, services: { pro, con2, con3: con1, con4, con5 } },
    said: [
      "con1 on rpi1 is stopped before anything else changes, then removed.",
      "con3 is new on rpi1: it reads in from the first unread record, and writes mid.",
    ],
  },
  "another Pi for what writes a file": {
    changes: edited("con2", "rpi2", "rpi3"),
    before: writing,
    after: { ...writing, services: { ...writing.services, con2: { ...con2File, on: "rpi3" } } },
    said: [
      `con2 moves from rpi2 to rpi3: it stops on rpi2 before it starts on rpi3; it keeps its state (changelog p-con2-changelog); ${continues}; its file /var/lib/bramble-con2/means.txt stays on rpi2; it starts a new file.`,
    ],
  },
  "another file": {
    changes: edited("con2", "rpi2"),
    before: writing,
    after: { ...writing, services: { ...writing.services, con2: { ...con2File, file: "averages.txt" } } },
    said: [
      `con2 on rpi2 restarts with file: averages.txt (was means.txt): it keeps its state (changelog p-con2-changelog); ${continues}.`,
    ],
  },
  "a service that wrote a file, renamed": {
    changes: [unitChange(serviceUnit("con3", "rpi2", "a1"), undefined)],
    before: writing,
    after: { ...declared, services: { pro, con1, con3: con2File, con4, con5 } },
    said: [
      "con2 on rpi2 is stopped before anything else changes, then removed with its changelog p-con2-changelog; its file /var/lib/bramble-con2/means.txt stays on rpi2.",
      "con3 is new on rpi2: it reads mid from the first unread record, without state, and writes /var/lib/bramble-con3/means.txt.",
    ],
  },
  "a unit stopped by hand": {
    changes: [unitChange(running, { ...running, active: "inactive" }, running)],
    said: ["the unit of con1 on rpi1 was stopped by hand: it starts again."],
  },
  "a unit masked by hand that runs": {
    changes: [unitChange(running, { ...running, enabled: "disabled" }, running)],
    said: ["the unit of con1 on rpi1 was disabled by hand: it is repaired without a restart."],
  },
  "a drop-in": {
    changes: [unitChange(running, { ...running, dropIns: ["/etc/x.conf"] }, running)],
    said: [`the unit of con1 on rpi1 was given /etc/x.conf by hand: it restarts; ${continues}.`],
  },
  "a unit removed by hand": {
    changes: [{ ...unitChange(running, undefined), recorded: { ...running } }],
    said: ["the unit of con1 on rpi1 was removed by hand: it starts again."],
  },
};

const roll = (host: string) => unitChange(brokerUnit(host, "new"), brokerUnit(host, "old"));
/** Its unit names the version that it runs. */
function upgrade(host: string): Change[] {
  const unit = (version: string) => ({
    ...brokerUnit(host, "same"),
    content: `[Unit]\nDescription=Apache Kafka broker (Kafka ${version})\n[Service]\nExecStart=/opt/kafka/bin/kafka\n`,
  });
  const folder = (version: string) => ({ ...target(host), path: "/opt/kafka", version: `kafka ${version}` });
  const faces = { want: folder("3.9.2"), have: folder("3.9.1"), recorded: folder("3.9.1") };
  const steps = ["unpack kafka 3.9.2 into /opt/kafka"];
  return [
    unitChange(unit("3.9.2"), unit("3.9.1")),
    { token: "bramble:host:Archive", operation: "update", ...faces, steps },
  ];
}
const retention = (host: string) => properties(host, "log.retention.hours=24\n", "log.retention.hours=168\n");
const told = (config: Properties, before: Properties, overrides: Properties = {}): Change => ({
  token: dynamicBrokerConfig.token,
  operation: "update",
  want: { config, overrides: {} },
  have: { config: before, overrides },
  steps: [],
});
const daemons: Record<string, Case> = {
  "a setting of all brokers, whose partitions are elsewhere too": {
    changes: ["rpi2", "rpi0"].flatMap((host) => [roll(host), retention(host)]),
    said: [
      "brokers on rpi0 and rpi2 restart (log.retention.hours 24 (was 168)), one at a time; every topic stays available, as other brokers have every partition too.",
    ],
  },
  "one broker with the only replica of a topic": {
    changes: [roll("rpi2"), retention("rpi2")],
    facts: { alone: new Map([["10.42.0.252", ["mid"]]]) },
    said: [
      "broker on rpi2 restarts (log.retention.hours 24 (was 168)), once the others can spare it; mid is unavailable for about 10 s, as it has no other replica.",
    ],
  },
  "a setting changed by hand": {
    changes: [roll("rpi2"), properties("rpi2", "a=1\n", "a=2\n", "a=1\n")],
    facts: { alone: undefined },
    said: [
      "broker on rpi2 restarts (a 1 (was 2, set by hand)), once the others can spare it; Kafka does not answer now, so it is not known which topics will be unavailable.",
    ],
  },
  "another patch of Kafka": {
    changes: ["rpi2", "rpi0"].flatMap(upgrade),
    said: [
      "brokers on rpi0 and rpi2 restart (Kafka 3.9.2 (was 3.9.1)), one at a time, once every host has the new Kafka; every topic stays available, as other brokers have every partition too.",
      "unpack kafka 3.9.2 into /opt/kafka on rpi0 and rpi2.",
    ],
  },
  "settings that brokers take up while they run": {
    changes: [
      told(
        { "min.insync.replicas": "1", "log.retention.ms": "60000", "num.io.threads": "8" },
        { "min.insync.replicas": "1", "log.retention.ms": "90000", "log.roll.ms": "5" },
      ),
    ],
    said: [
      "brokers change to log.retention.ms 60000 (was 90000), num.io.threads 8 and no log.roll.ms (was 5) at once, without a restart.",
    ],
  },
  "settings that brokers were told by hand": {
    changes: [
      {
        ...told({ a: "1" }, { a: "2" }, { rpi0: {}, rpi2: { "num.io.threads": "9" } }),
        recorded: { config: { a: "1" }, overrides: {} },
      },
    ],
    said: [
      "brokers change to a 1 (was 2) at once, without a restart; they were changed by hand.",
      "the broker on rpi2 drops num.io.threads 9, which was set by hand, at once, without a restart.",
    ],
  },
  "a file's mode": {
    changes: [{ ...properties("rpi2", "a=1\n", "a=1\n"), steps: [`change the mode of ${settings}`] }],
    said: [`change the mode of ${settings} on rpi2.`],
  },
  "a broker stopped by hand": {
    changes: [
      unitChange(brokerUnit("rpi2", "x"), { ...brokerUnit("rpi2", "x"), active: "inactive" }, brokerUnit("rpi2", "x")),
    ],
    said: ["broker on rpi2 starts again (was stopped by hand)."],
  },
};

const out = { name: "out", partitions: 1, replicationFactor: 1, config: {} };
const topics: Record<string, Case> = {
  "more partitions for a reader with state": {
    changes: [topic("update", { ...out, name: "mid", partitions: 3 }, { ...out, name: "mid" })],
    said: [
      "topic mid grows from 1 to 3 partitions: this splits the state of con2, as the new partitions (1 and up) start without state and a key's records may move to one of them.",
    ],
  },
  "more partitions for nobody with state": {
    changes: [topic("update", { ...out, partitions: 3 }, out)],
    said: ["topic out grows from 1 to 3 partitions."],
  },
  "more replicas": {
    changes: [topic("update", { ...out, replicationFactor: 3 }, out)],
    said: ["topic out gets replication factor 3 (was 1): replicas are moved while it stays in use."],
  },
  "fewer partitions": {
    changes: [topic("update", out, { ...out, partitions: 3 })],
    facts: { contents: new Map([["out", { records: 1, isExact: true }]]) },
    said: ["topic out is deleted and created again with 1 partition (was 3): 1 record is lost."],
  },
  "a topic that goes": {
    changes: [topic("delete", undefined, out)],
    facts: { contents: new Map([["out", { records: 1234, isExact: false, bytes: 56_000 }]]) },
    said: ["topic out is deleted: up to 1,234 records (56 kB) are lost."],
  },
  "an empty topic that goes": {
    changes: [topic("delete", undefined, out)],
    facts: { contents: new Map([["out", { records: 0, isExact: true }]]) },
    said: ["topic out is deleted; it is empty."],
  },
  "a setting changed by hand": {
    changes: [
      topic("update", { ...out, config: { a: "1" } }, { ...out, config: { a: "2" } }, { ...out, config: { a: "1" } }),
    ],
    said: ["topic out changes to a 1 (was 2), without a restart; they were changed by hand."],
  },
  "a topic deleted by hand": {
    changes: [topic("create", out, undefined, out)],
    said: ["topic out was deleted by hand: it is created again, empty."],
  },
  "new topics of one shape": {
    changes: [topic("create", { ...out, name: "z" }), topic("create", { ...out, name: "a" })],
    said: ["topics a and z are new (1 partition, replication factor 1)."],
  },
};

const hosts: Record<string, Case> = {
  "a Pi that joins": {
    after: { ...declared, hosts: { ...declared.hosts, rpi4: "10.42.0.254" } },
    said: ["rpi4 (10.42.0.254) joins the cluster."],
  },
  "a Pi that joins with a broker": {
    after: {
      ...declared,
      hosts: { ...declared.hosts, rpi4: "10.42.0.254" },
      bootstrapServers: [...declared.bootstrapServers, "10.42.0.254:9092"],
    },
    said: [
      "rpi4 (10.42.0.254) joins the cluster: its broker gets a share of new topics and replicas; existing replicas stay on the other brokers.",
    ],
  },
  "a Pi that leaves": {
    after: { ...declared, hosts: { rpi0: "10.42.0.250", rpi1: "10.42.0.251", rpi2: "10.42.0.252" } },
    facts: { held: new Map([["rpi3", ["a", "b"]]]) },
    said: [
      "the replicas of 2 topics on the broker of rpi3 are first moved to the other brokers.",
      "rpi3 leaves the cluster: everything that bramble installed on it is removed, and its data are wiped.",
    ],
  },
  "a Pi with another address": {
    after: { ...declared, hosts: { ...declared.hosts, rpi3: "10.42.0.9" } },
    said: ["rpi3 has a new address, 10.42.0.9 (was 10.42.0.253): everything on it stays."],
  },
};

describe.each(Object.entries({ services, replicas, daemons, topics, hosts }))("%s", (_, cases) => {
  test.each(Object.entries(cases))("%s", (_, each) => {
    expect(said(each)).toEqual(each.said);
  });
});

test("a unit and a release are told of as their service, whatever they are named", () => {
  const [changedUnit, changedRelease] = edited("con2", "rpi2") as [Change, Change];
  const named = (change: Change, key: string, value: string): Change => ({
    ...change,
    have: { ...change.have, [key]: value },
    want: { ...change.want, [key]: value },
  });
  const elsewhere = [
    { ...named(changedUnit, "name", "stream.service"), steps: ["restart stream.service"] },
    named(changedRelease, "path", "/srv/releases/0123"),
  ];
  expect(
    said({ changes: elsewhere, after: withService("con2", { apply: [{ ...ewma, params: { alpha: 0.2 } }] }) }),
  ).toEqual(
    said({
      changes: [changedUnit, changedRelease],
      after: withService("con2", { apply: [{ ...ewma, params: { alpha: 0.2 } }] }),
    }),
  );
});

test("a first deployment has nothing to compare with", () => {
  const changes = [unitChange(serviceUnit("con2", "rpi2", "a1"), undefined)];
  expect(impact(changes, undefined, declared, nothingKnown)).toEqual([
    "con2 is new on rpi2: it reads mid from the first unread record, without state, and writes out.",
    "Nothing else is touched.",
  ]);
});
