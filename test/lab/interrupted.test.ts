import { beforeAll, describe, expect } from "@jest/globals";
import { haveDeployed } from "./support/deployed.ts";
import { eventually } from "./support/eventually.ts";
import { committedValues, kafkaTool } from "./support/kafka.ts";
import { ewma } from "./support/known-values.ts";
import { edited, fast, writePipeline } from "./support/pipeline-files.ts";
import { onHosts } from "./support/programs.ts";
import { destroy, mustUp, preview, pulumi, succeeded } from "./support/stack.ts";
import { story } from "./support/story.ts";

/** What a deployment leaves on a host: every file that bramble writes, and which units are on. */
const made = `cd /; find etc/systemd/system/*.service opt/kafka/config opt/bramble/releases -type f -exec sha256sum {} + | sort
ls /opt /opt/bramble /opt/kafka; systemctl list-unit-files --no-legend 'kafka*' 'zookeeper*' 'bramble*'
systemctl is-active kafka zookeeper`;

const everything = async () => ({
  hosts: await onHosts(made),
  topics: await kafkaTool("rpi0", "kafka-topics.sh", "--list --exclude-internal"),
});

let undisturbed: Awaited<ReturnType<typeof everything>>;

beforeAll(async () => {
  await haveDeployed(() => writePipeline("kafka_chaining", edited("kafka_chaining", fast)));
  undisturbed = await everything();
});

describe("an up that is killed halfway", () => {
  // Copying archives, starting daemons, making topics, starting services: where a first deployment is by then.
  for (const seconds of [5, 9, 14, 19]) {
    story(`and run again ends as an undisturbed one (SIGKILL after ${seconds} s)`, async () => {
      succeeded(await destroy());
      const killed = await pulumi(["up", "--yes", "--skip-preview"], {
        onStart: (child) => setTimeout(() => child.kill("SIGKILL"), seconds * 1000).unref(),
      });
      expect(killed.code).not.toBe(0);
      await mustUp();
      expect(succeeded(await preview()).changes).toEqual({});
      expect(await everything()).toEqual(undisturbed);
      await eventually("the known averages", 60_000, async () => {
        expect(await committedValues("temperatures_ewma")).toEqual(ewma);
      });
    });
  }
});
