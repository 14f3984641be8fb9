import { beforeAll, expect, test } from "@jest/globals";
import { cutTo } from "../../cli/columns.ts";
import { statusJson } from "../../cli/status-json.ts";
import { conclusion, hostTable, lagTable, unitTable } from "../../cli/status-text.ts";
import type { Pipeline } from "../../declaration/pipeline.ts";
import type { Answers, Problem } from "../../status/problem.ts";
import type { HostAnswer } from "../../status/unit-state.ts";
import { reads, running, sensors, wellAnswers } from "../status/answers.ts";

let pipeline: Pipeline;
let answers: Answers;
beforeAll(async () => {
  pipeline = await sensors();
  const well = wellAnswers(pipeline);
  const rpi1: HostAnswer = {
    kind: "units",
    units: [
      running("zookeeper.service", { active: "failed", forSeconds: 61 }),
      running("kafka.service", { load: "not-found" }),
      running("bramble-con.service", { forSeconds: 5, restarts: 2, says: "consuming readings, partitions 0, 1" }),
    ],
  };
  answers = {
    hosts: new Map<string, HostAnswer>([
      ...well.hosts,
      ["rpi1", rpi1],
      ["rpi2", { kind: "problem", code: "host-unreachable", problem: "no answer" }],
    ]),
    kafka: {
      ...well.kafka,
      services: new Map([
        ["pro", { reads: [], deadLetters: undefined }],
        [
          "con",
          {
            reads: [
              reads(0, { lag: { records: 1200, isExact: false } }),
              reads(1, { position: undefined, lag: undefined }),
            ],
            deadLetters: { records: 3, isExact: true },
          },
        ],
      ]),
    },
  };
});

const lines = (text: string) => text.split("\n");

test("each host has a line with its daemons; one that does not answer has one too", () => {
  expect(lines(hostTable(pipeline, answers.hosts))).toEqual([
    "HOST  ADDRESS   ZOOKEEPER         KAFKA",
    "rpi0  10.0.0.1  active 1 h 0 min  active 1 h 0 min",
    "rpi1  10.0.0.2  failed 1 min 1 s  not found",
    "rpi2  10.0.0.3  unknown",
  ]);
});

test("with KRaft it has what its node is", async () => {
  const kraft = await sensors(", kraft: { controllers: [rpi0] }");
  expect(lines(hostTable(kraft, wellAnswers(kraft).hosts))).toEqual([
    "HOST  ADDRESS   KAFKA             ROLES",
    "rpi0  10.0.0.1  active 1 h 0 min  broker, controller",
    "rpi1  10.0.0.2  active 1 h 0 min  broker",
    "rpi2  10.0.0.3  active 1 h 0 min  broker",
  ]);
});

test("each replica has a line with what it says of itself", () => {
  expect(lines(unitTable(pipeline, answers.hosts))).toEqual([
    "SERVICE  HOST  STATE                   SAYS",
    "pro      rpi0  active 1 h 0 min        record 7",
    "con      rpi1  active 5 s, 2 restarts  consuming readings, partitions 0, 1",
    "con@2    rpi2  ?                       -",
  ]);
});

test("each partition that a service reads has a line; what cannot be told is a dash", () => {
  expect(lines(lagTable(pipeline, answers.kafka))).toEqual([
    "SERVICE  READS            POSITION  LAG         DEAD LETTERS",
    "pro      sequence source  -         -           -",
    "con      readings/0       7         up to 1200  3",
    "con      readings/1       -         -",
  ]);
  const silent = { answering: [], cluster: undefined, services: new Map() };
  expect(lines(lagTable(pipeline, silent)).at(-1)).toBe("con      readings         -         -    -");
});

test("what is not well comes with what to do; dead letters wait for somebody and are no problem", () => {
  const problems: Problem[] = [
    { code: "unit-inactive", what: "con is failed.", next: "journal of con\njournal of con@2" },
    { code: "broker-unreachable", what: "No broker answers." },
  ];
  expect(conclusion(pipeline, answers.kafka, problems)).toEqual([
    "Problems:",
    "  con is failed.",
    "    journal of con",
    "    journal of con@2",
    "  No broker answers.",
    "con: 3 dead letters are waiting. See `npx bramble deadletters con`.",
  ]);
  expect(conclusion(pipeline, wellAnswers(pipeline).kafka, [])).toEqual(["All is well."]);
});

test("lines are cut to the terminal, and not where there is none", () => {
  expect(cutTo(8, "12345678\n123456789")).toBe("12345678\n12345...");
  expect(cutTo(undefined, "123456789")).toBe("123456789");
});

test("scripts get the same, with null for what cannot be told", () => {
  const problems: Problem[] = [{ code: "broker-unreachable", what: "No broker answers." }];
  const told = JSON.parse(statusJson(pipeline, answers, problems));
  expect(told).toMatchObject({ pipeline: "sensors", isWell: false, problems });
  expect(told.hosts[1].units[2]).toMatchObject({ unit: "bramble-con.service", active: "active", restarts: 2 });
  expect(told.hosts[2]).toEqual({ name: "rpi2", address: "10.0.0.3", units: null });
  expect(told.services[0]).toMatchObject({ name: "pro", source: "sequence source", reads: [], deadLetters: null });
  expect(told.services[1]).toEqual({
    name: "con",
    units: [
      { host: "rpi1", unit: "bramble-con.service" },
      { host: "rpi2", unit: "bramble-con@2.service" },
    ],
    reads: [
      { topic: "readings", partition: 0, position: 7, end: 7, lag: 1200, isLagExact: false },
      { topic: "readings", partition: 1, position: null, end: 7, lag: null, isLagExact: null },
    ],
    deadLetters: 3,
    isDeadLettersExact: true,
  });
});
