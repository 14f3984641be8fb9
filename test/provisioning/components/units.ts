import { serviceUnit } from "../../../provisioning/components/operator-service.ts";
import { daemonUnit } from "../../../provisioning/components/unit-file.ts";

export const daemon = daemonUnit({
  description: "Apache Kafka broker",
  after: ["zookeeper.service"],
  folder: "kafka",
  environment: { KAFKA_HEAP_OPTS: "-Xms256m -Xmx256m" },
  execStartPre: "/bin/sh -c 'echo 1 > /var/lib/kafka/myid'",
  execStart: "/bin/true /opt/kafka/config/server.properties",
});
export const con1 = {
  description: "kafka_chaining: con1",
  node: process.execPath,
  releasePath: "/opt/bramble/releases/con1/0123456789abcdef",
  replica: 1,
};
export const service = serviceUnit({ ...con1, cache: "bramble-con1" });
