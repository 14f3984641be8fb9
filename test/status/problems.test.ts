import { beforeAll, expect, test } from "@jest/globals";
import type { Pipeline } from "../../declaration/pipeline.ts";
import type { Answers } from "../../status/problem.ts";
import { isNothingDeployed, problemsOf } from "../../status/problems.ts";
import type { HostAnswer, UnitState } from "../../status/unit-state.ts";
import { reads, running, sensors, wellAnswers } from "./answers.ts";

let pipeline: Pipeline;
let well: Answers;
beforeAll(async () => {
  pipeline = await sensors();
  well = wellAnswers(pipeline);
});

const journal = (host: string, unit: string) => `journal of ${unit} on ${host}`;

function problems(answers: Answers): string[] {
  return problemsOf(pipeline, answers, journal).map(({ what, next }) => [what, next].filter(Boolean).join(" | "));
}

/** All is well but for what a host says. */
function withUnits(host: string, ...changed: UnitState[]): Answers {
  const answer = well.hosts.get(host);
  const units = answer?.kind === "units" ? answer.units : [];
  const named = new Map([...units, ...changed].map((state) => [state.unit, state]));
  return { ...well, hosts: new Map([...well.hosts, [host, { kind: "units", units: [...named.values()] }]]) };
}

function withKafka(kafka: Partial<Answers["kafka"]>): Answers {
  return { ...well, kafka: { ...well.kafka, ...kafka } };
}

test("nothing is told when all is well", () => {
  expect(problems(well)).toEqual([]);
  expect(isNothingDeployed(pipeline, well)).toBe(false);
});

const unit = "bramble-con@2.service";
const absent = { load: "not-found", active: "inactive", sub: "dead" };

test.each<[string, UnitState[], string[]]>([
  [
    "a unit that was stopped",
    [running(unit, { active: "inactive", sub: "dead" })],
    [`rpi2: ${unit} is inactive. | \`pulumi up\` starts it. Its last lines: journal of ${unit} on rpi2`],
  ],
  [
    "a unit that crashes again and again",
    [running(unit, { active: "activating", sub: "auto-restart", restarts: 12, says: "no such topic (yet)" })],
    [
      `rpi2: ${unit} is activating (auto-restart, restarted 12 times by systemd); its last line: no such topic (yet). | journal of ${unit} on rpi2`,
    ],
  ],
  [
    "a unit that failed for good",
    [running("zookeeper.service", { active: "failed", sub: "failed" })],
    ["rpi2: zookeeper.service is failed. | journal of zookeeper.service on rpi2"],
  ],
  [
    "a unit that crashed a moment ago",
    [running(unit, { restarts: 1, forSeconds: 12 })],
    [`rpi2: ${unit} was restarted once by systemd, 12 s ago. | journal of ${unit} on rpi2`],
  ],
  ["a unit that crashed long ago", [running(unit, { restarts: 1, forSeconds: 60 })], []],
  [
    "a unit that nothing may start",
    [running(unit, { load: "masked", active: "inactive", sub: "dead" })],
    [`rpi2: ${unit} is masked, so nothing can start it. | \`pulumi up\` unmasks and starts it.`],
  ],
  [
    "units that are not there",
    [running(unit, absent), running("zookeeper.service", absent)],
    [`rpi2: zookeeper.service, ${unit} are missing. | \`pulumi up\` creates what the pipeline file declares.`],
  ],
  [
    "a service that the file has not, or not any more",
    [running("bramble-old.service"), running("bramble-older.service", absent)],
    ["rpi2: bramble-old.service is on the host (active) but not in the pipeline file. | `pulumi up` removes it."],
  ],
])("%s", (_, changed, wanted) => {
  expect(problems(withUnits("rpi2", ...changed))).toEqual(wanted);
});

test("a host that does not answer is told once, and nothing of its units and its broker", () => {
  const silent: HostAnswer = {
    kind: "problem",
    code: "host-unreachable",
    problem: "rpi2 (10.0.0.3): no answer. Look.",
  };
  const hosts = new Map([...well.hosts, ["rpi2", silent]]);
  const answering = well.kafka.answering.slice(0, 2);
  expect(problems({ hosts, kafka: { ...well.kafka, answering } })).toEqual(["rpi2 (10.0.0.3): no answer. Look."]);
});

test("a broker that does not answer is told where its unit runs, and who is in no cluster with the others", () => {
  const brokers = new Map([...(well.kafka.cluster?.brokers ?? [])].slice(0, 2));
  const partitions = well.kafka.cluster?.partitions ?? [];
  const [first = "", second = "", third = ""] = well.kafka.answering;
  expect(problems(withKafka({ answering: [second, third], cluster: { brokers, partitions } }))).toEqual([
    `rpi0: kafka.service is active, but no broker answers at ${first} yet. | journal of kafka.service on rpi0`,
    `rpi2: the broker at ${third} has not joined the cluster of the others yet. | journal of kafka.service on rpi2`,
  ]);
});

test("without any broker nobody knows how far services are", () => {
  expect(problems(withKafka({ answering: [], cluster: undefined, services: new Map() })).at(-1)).toBe(
    "No broker answers, so the progress of services is unknown.",
  );
});

test("topics that are not there, partitions without a leader, and replicas that lag are told by host", () => {
  const { brokers, partitions } = well.kafka.cluster ?? { brokers: new Map(), partitions: [] };
  const [first, second, ...others] = partitions.filter(({ topic }) => topic !== "sensors-con-dead-letters");
  const changed = [
    { ...first, topic: "__consumer_offsets", partition: 0, inSync: [1], leader: 1, replicas: [0, 1, 2] },
    { ...second, topic: "readings", partition: 0, leader: undefined, replicas: [2], inSync: [2] },
    ...others.map((each) => ({ ...each, inSync: [0, 1] })),
    { topic: "sensors-con-changelog", partition: 0, leader: 0, replicas: [0, 1, 2], inSync: [0, 1, 2] },
  ];
  expect(problems(withKafka({ cluster: { brokers, partitions: changed } }))).toEqual([
    "Topic sensors-con-dead-letters does not exist. | `pulumi up` creates what the pipeline file declares.",
    "readings/0: no leader. Replicas are on rpi2. | Nothing can be read or written there until Kafka runs on these hosts again.",
    expect.stringMatching(
      /^\w.* and [23] more partitions: replicas on rpi0, rpi2 are not in sync\. \| Replicas catch up by themselves/,
    ),
  ]);
});

test("a service that has something to read and does not move is told, unless its unit tells already", () => {
  const still = reads(1, { position: 4, lag: { records: 1, isExact: true }, isStalled: true });
  const kafka = { services: new Map([["con", { reads: [reads(0), still], deadLetters: undefined }]]) };
  const stands = "con makes no progress: it is at readings/1@4, and 1 record waits.";
  expect(problems(withKafka(kafka))).toEqual([
    `${stands} | journal of bramble-con.service on rpi1\njournal of ${unit} on rpi2`,
  ]);
  const stopped = withUnits("rpi2", running(unit, { active: "failed", sub: "failed" }));
  expect(problems({ ...withKafka(kafka), hosts: stopped.hosts })).toEqual([
    `rpi2: ${unit} is failed. | journal of ${unit} on rpi2`,
  ]);
});

test("one that stands at a damaged batch is told with what is damaged, and how to go on", () => {
  const damage = "the record batch with offsets 4 to 9 is damaged: its checksum is 1, expected 2";
  const still = reads(1, { position: 4, lag: { records: 6, isExact: false }, isStalled: true, damage });
  const kafka = { services: new Map([["con", { reads: [reads(0), still], deadLetters: undefined }]]) };
  const what = `con waits at readings/1: ${damage}.`;
  const skip = "`npx bramble skip con` passes over these offsets and keeps the state.";
  expect(problems(withKafka(kafka))).toEqual([
    `${what} | Another replica may be sound: \`sudo systemctl restart kafka\` on rpi0 makes another broker lead. ${skip}`,
  ]);
  const { brokers, partitions } = well.kafka.cluster ?? { brokers: new Map(), partitions: [] };
  const alone = partitions.map((each) => ({ ...each, replicas: [0], inSync: [0] }));
  expect(problems(withKafka({ ...kafka, cluster: { brokers, partitions: alone } }))).toEqual([`${what} | ${skip}`]);
});

test("each problem has the code of its kind", () => {
  const codes = (answers: Answers) => problemsOf(pipeline, answers, journal).map(({ code }) => code);
  const stopped = { active: "inactive", sub: "dead" };
  const states = [
    running("zookeeper.service", absent),
    running("kafka.service", { ...stopped, load: "masked" }),
    running(unit, { restarts: 1, forSeconds: 12 }),
    running("bramble-old.service"),
  ];
  expect(codes(withUnits("rpi2", ...states))).toEqual([
    ...["unit-missing", "unit-masked", "unit-restarted", "unit-undeclared"],
  ]);
  expect(codes(withUnits("rpi2", running(unit, stopped)))).toEqual(["unit-inactive"]);
  const refusing: HostAnswer = { kind: "problem", code: "login-refused", problem: "no login" };
  expect(codes({ ...well, hosts: new Map([...well.hosts, ["rpi2", refusing]]) })).toEqual(["login-refused"]);

  const { brokers, partitions } = well.kafka.cluster ?? { brokers: new Map(), partitions: [] };
  const changed = partitions
    .filter(({ topic }) => topic !== "sensors-con-dead-letters")
    .map((each, i) => ({ ...each, ...(i === 0 && { leader: undefined }), ...(i === 1 && { inSync: [0, 1] }) }));
  const known = new Map([...brokers].slice(0, 2));
  const answering = well.kafka.answering.slice(1);
  const stalled = reads(1, { position: 4, lag: { records: 1, isExact: true }, isStalled: true });
  const services = new Map([["con", { reads: [stalled], deadLetters: undefined }]]);
  expect(codes(withKafka({ answering, cluster: { brokers: known, partitions: changed }, services }))).toEqual([
    ...["broker-unreachable", "broker-outside-cluster", "topic-missing"],
    ...["partition-leaderless", "replica-out-of-sync", "service-stalled"],
  ]);
});

test("nothing is deployed when every host answers, and none has a unit", () => {
  const bare: HostAnswer = { kind: "units", units: [running("kafka.service", absent)] };
  const none = pipeline.cluster.hosts.map(({ name }) => [name, bare] as const);
  expect(isNothingDeployed(pipeline, { ...well, hosts: new Map(none) })).toBe(true);
  const silent = new Map<string, HostAnswer>([
    ...none,
    ["rpi0", { kind: "problem", code: "host-unreachable", problem: "no answer" }],
  ]);
  expect(isNothingDeployed(pipeline, { ...well, hosts: silent })).toBe(false);
});
