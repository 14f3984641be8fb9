// Runs the long drills one after the other: test files of the lab with their switches turned up. Says before what they
// are and at the end how long each took. Given arguments, it runs those whose name contains one of them.
import { runJest } from "./run-jest.ts";

const drills = [
  {
    name: "crashes",
    what: "100 kill -9 of services, brokers and hosts during 100,000 records, outputs byte for byte",
    switches: { BRAMBLE_TEST_KILLS: "100" },
  },
  { name: "interrupted", what: "`up` killed at 20 moments and run again", switches: { BRAMBLE_TEST_INTERRUPTS: "20" } },
  {
    name: "destroy",
    what: "up, destroy, ten times in a row, with ZooKeeper",
    switches: { BRAMBLE_TEST_ROUNDS: "10" },
  },
  { name: "kraft", what: "destroy, up, ten times in a row, with KRaft", switches: { BRAMBLE_TEST_ROUNDS: "10" } },
];

const only = process.argv.slice(2);
const chosen = drills.filter(({ name }) => only.length === 0 || only.some((text) => name.includes(text)));
if (chosen.length === 0) {
  console.error(`no drill ${only.join(" ")}; there are ${drills.map(({ name }) => name).join(", ")}`);
  process.exit(1);
}

const width = Math.max(...chosen.map(({ name }) => name.length));
const listed = ({ name, what }: (typeof drills)[number]) => `${name.padEnd(width)}  ${what}`;
console.log(["The drills, one after the other:", ...chosen.map((drill) => `  ${listed(drill)}`)].join("\n"));

let failures = 0;
const results = chosen.map((drill) => {
  console.log(`\nDrill ${listed(drill)}`);
  const began = performance.now();
  // What the environment says of a switch wins, such as another number of kills.
  const { passed, failed } = runJest("lab", [`test/lab/${drill.name}.test.ts`], { ...drill.switches, ...process.env });
  if (failed > 0 || passed === 0) failures += 1;
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  return `${listed(drill)}: ${passed} passed, ${failed} failed, ${minutes} min`;
});

console.log(["", ...results].join("\n"));
process.exit(failures === 0 ? 0 : 1);
