import { beforeAll, describe, expect } from "@jest/globals";
import { haveDeployed } from "./support/deployed.ts";
import { eventually } from "./support/eventually.ts";
import { committedValues } from "./support/kafka.ts";
import { ewma, movingAverage } from "./support/known-values.ts";
import { edited, fast, writePipeline } from "./support/pipeline-files.ts";
import { onHosts } from "./support/programs.ts";
import { destroy, mustUp, succeeded } from "./support/stack.ts";
import { story } from "./support/story.ts";

/** Everything of bramble's that a host could still have; one line each. */
const remains = `systemctl list-unit-files --no-legend 'kafka*' 'zookeeper*' 'bramble*'; pgrep --list-full java
ls -d /opt/kafka* /opt/bramble* /var/lib/kafka* /var/lib/zookeeper* /var/log/kafka* /var/log/zookeeper* 2>/dev/null
find /etc/systemd/system /run/systemd/system -name '*bramble*' -o -name '*kafka*'; getent passwd kafka; true`;

beforeAll(async () => {
  await haveDeployed(() => writePipeline("kafka_chaining", edited("kafka_chaining", fast)));
});

describe("pulumi destroy", () => {
  for (const round of [1, 2, 3]) {
    story(`leaves nothing on the hosts, and up works again right after (${round} of 3)`, async () => {
      succeeded(await destroy());
      expect(new Set(Object.values(await onHosts(remains)))).toEqual(new Set([""]));
      await mustUp();
      await eventually("the known averages", 60_000, async () => {
        expect(await committedValues("temperatures_ewma")).toEqual(ewma);
        expect(await committedValues("temperatures_moving_average")).toEqual(movingAverage);
      });
    });
  }
});
