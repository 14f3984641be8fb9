import { Command } from "commander";
import { bootstrapServers } from "../declaration/bootstrap-servers.ts";
import { withCluster } from "../replay/connect.ts";
import { requireAvailable } from "../replay/needs.ts";
import { replayable } from "../replay/replayable.ts";
import { type Damage, findDamage, needsOfSkip, skipDamage } from "../replay/skip-damaged.ts";
import { agreed } from "./ask.ts";
import { pipelineOf, withPipelineOption } from "./pipeline-option.ts";

interface Options {
  readonly yes?: boolean;
  readonly pipeline?: string;
}

export function skipCommand(): Command {
  const command = new Command("skip")
    .description("make a service pass over the damaged batches of records that it waits at, and keep its state")
    .argument("<service>", "name of the service")
    .option("--yes", "do not ask");
  return withPipelineOption(command).action(skip);
}

async function skip(name: string, { yes = false, ...options }: Options): Promise<void> {
  const pipeline = await pipelineOf(options);
  const servers = bootstrapServers(pipeline.cluster);
  const service = replayable(pipeline, name, servers);
  await withCluster(servers, async (cluster) => {
    await requireAvailable(cluster, pipeline.cluster.hosts, await needsOfSkip(cluster, service));
    const found = await findDamage(cluster, service);
    if (found.length === 0) {
      console.log(`${name} waits at no damaged batch; nothing was skipped.`);
      return;
    }
    for (const each of found) console.log(`${whereOf(each)}: ${each.batch.message}`);
    console.log(`${name} will not get the records at these offsets, and keeps its state.`);
    await agreed(`Skip them for ${name}?`, yes, { otherwise: "Nothing was skipped." });
    for (const each of found) {
      const isSkipped = await skipDamage(cluster, service, each);
      const letter = service.spec.deadLetterTopic === undefined ? "" : " A dead letter names them.";
      const outcome = isSkipped
        ? `offsets ${each.batch.first} to ${each.batch.last} were skipped.${letter}`
        : `nothing was skipped: ${name} does not wait for this batch any more.`;
      console.log(`${whereOf(each)}: ${outcome}`);
    }
  });
}

function whereOf({ partition: { topic, partition } }: Damage): string {
  return `${topic}/${partition}`;
}
