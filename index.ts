import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { bootstrapServers, firstServers } from "./declaration/bootstrap-servers.ts";
import { loadPipeline } from "./declaration/load-pipeline.ts";
import { Cluster } from "./provisioning/components/cluster.ts";
import { declaredPipeline } from "./provisioning/components/declared-pipeline.ts";
import { clusterId, quorumVoters } from "./provisioning/components/kraft.ts";
import { Pipeline } from "./provisioning/components/pipeline.ts";
import { Provider } from "./provisioning/components/provider.ts";
import { Impact } from "./provisioning/components/resources.ts";
import { zookeepers } from "./provisioning/components/zookeeper.ts";
import { buildReleases } from "./provisioning/service-release.ts";
import { archives, nodeVersion, readSettings } from "./provisioning/settings.ts";
import { trustedHosts } from "./provisioning/trusted-hosts.ts";

const { user, port, password, privateKey, keepData, allowDataLoss, ...settings } = readSettings();
const login = { user, port, ...(password && { password }), ...(privateKey && { privateKey }) };
const pipeline = await loadPipeline(settings.pipeline, { checkTypes: true }).catch((error: Error) => {
  throw new pulumi.RunError(error.message); // the faults alone, without a stack trace
});
const servers = bootstrapServers(pipeline.cluster);
const hostKeys = trustedHosts(pipeline.cluster.hosts, port);
const { kafka, node } = archives(pipeline.cluster.kafka.version);
const root = import.meta.dirname;
const releases = await buildReleases(pipeline, firstServers(pipeline.cluster), root, join(root, ".build", "releases"));

const provider = new Provider("bramble", {
  ...login,
  hosts: pipeline.cluster.hosts,
  bootstrapServers: servers,
  zookeepers: zookeepers(pipeline.cluster),
  controllers: quorumVoters(pipeline.cluster),
});
const cluster = new Cluster(
  "cluster",
  {
    cluster: pipeline.cluster,
    connection: ({ name, address }) => ({ ...login, host: address, hostKey: hostKeys.get(name) ?? "" }),
    kafkaArchive: kafka,
    keepData,
    clusterId: clusterId(pulumi.getProject(), pulumi.getStack()),
  },
  { providers: { bramble: provider } },
);
const stream = new Pipeline(
  pipeline.name,
  { pipeline, cluster, releases, nodeArchives: node, nodeVersion, allowDataLoss },
  { providers: { bramble: provider } },
);
// Last of all, when the whole plan is known: tells what it means.
new Impact(`${pipeline.name}-impact`, declaredPipeline(pipeline, keepData), { provider, dependsOn: [cluster, stream] });

export { servers as bootstrapServers };
export const topics = pipeline.topics.filter(({ role }) => role === "stream").map(({ name }) => name);
export const services = Object.fromEntries(
  pipeline.services.map(({ name, on }) => [name, on.length === 1 ? on[0] : on]),
);
