import { expect, test } from "@jest/globals";
import {
  type HostData,
  type Members,
  observeData,
  refuseStaleData,
  staleData,
} from "../../../provisioning/resources/stale-data.ts";
import { strictHost, target } from "../strict-host.ts";

const members: Members = Object.fromEntries(
  ["rpi0", "rpi1", "rpi2", "rpi3"].map((host, i) => [host, { address: `10.42.0.25${i}`, votes: i < 3 }]),
);
const none: HostData = { zookeeper: false };
const of = (cluster: string): HostData => ({ cluster, zookeeper: true });
const kraft: HostData = { cluster: "of-the-stack", zookeeper: false };
const on = (...data: HostData[]) => new Map(data.map((each, i) => [`rpi${i}`, each]));

test.each<[string, "zookeeper" | "kraft", Map<string, HostData>, string[]]>([
  ["bare hosts", "zookeeper", on(none, none, none, none), []],
  ["data kept on all", "zookeeper", on(of("a"), of("a"), of("a"), of("a")), []],
  ["data kept on all but one, which has another card now", "zookeeper", on(of("a"), none, of("a"), of("a")), []],
  ["one was off at the destroy", "zookeeper", on(none, none, none, of("a")), ["rpi3"]],
  ["one that votes was off at the destroy", "zookeeper", on(none, of("a"), none, none), ["rpi1"]],
  [
    "records without their ZooKeeper",
    "zookeeper",
    on(...Array(4).fill({ cluster: "a", zookeeper: false })),
    Object.keys(members),
  ],
  ["records of another cluster on one", "zookeeper", on(of("a"), of("a"), of("b"), of("a")), ["rpi2"]],
  ["data kept on all, with KRaft", "kraft", on(kraft, kraft, kraft, kraft), []],
  ["a controller was off at the destroy", "kraft", on(none, none, kraft, none), ["rpi2"]],
  ["a broker was off at the destroy", "kraft", on(none, none, none, kraft), ["rpi3"]],
])("a new stack finds %s (%s)", (_, mode, data, refused) => {
  expect(staleData(data, members, false, mode)).toEqual(refused);
});

test("who joins a living cluster has no data", () => {
  expect(staleData(new Map([["rpi3", none]]), members, true, "kraft")).toEqual([]);
  expect(staleData(new Map([["rpi3", kraft]]), members, true, "kraft")).toEqual(["rpi3"]);
});

const only: Members = { [target.host]: { address: target.address, votes: true } };
const probe = observeData.join(" ");
/** A host that says this of its data. */
const saying = (stdout: string) => strictHost({ [probe]: { stdout } });

test("a host with data of another cluster is refused by name, with what takes them away", async () => {
  const { session, log } = saying("JW8 there\n");
  await expect(refuseStaleData(session, only, [], "zookeeper")).rejects.toThrow(
    "rpi0 (10.42.0.250): the host has data of another cluster, or of one that was destroyed while the host was off " +
      "(/var/lib/kafka, /var/lib/zookeeper); expected no data, or the data of all hosts together. If nobody needs the " +
      "data, run on the host, as root, the script left-on-rpi0.sh that `npx bramble forget` wrote, or `sudo systemctl disable --now kafka " +
      "zookeeper; sudo rm -rf /var/lib/kafka /var/lib/zookeeper`.",
  );
  expect(log).toEqual([`observe ${probe}`]);
});

test("bare hosts, and those of data that belong together, pass; a cluster that nobody joins is not even asked", async () => {
  await refuseStaleData(saying("- -\n").session, only, undefined, "zookeeper");
  await refuseStaleData(saying("JW8 there\n").session, only, undefined, "zookeeper");
  const { session, log } = saying("JW8 there\n");
  await refuseStaleData(session, only, [target.host], "zookeeper");
  expect(log).toEqual([]);
});
