/** The plugin process: started by Pulumi's engine with the engine's address, prints the port it listens on. */
import grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { ClusterSession } from "./cluster-session.ts";
import { connectEngine, type Show } from "./engine.ts";
import { providerService } from "./server.ts";

/** How often to look whether the engine is still there. */
const parentCheckMs = 500;

const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
const show: Show = engineAddress === undefined ? () => {} : connectEngine(engineAddress);

const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(
  providerGrpc.ResourceProviderService as unknown as grpc.ServiceDefinition,
  providerService(show, (config) => new ClusterSession(config)),
);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(port);
});

// An engine that was killed cannot say so: without this the plugin would go on changing hosts that nobody watches.
const engine = Number(process.env.BRAMBLE_ENGINE ?? process.ppid);
setInterval(() => {
  if (process.ppid !== engine) process.exit(1);
}, parentCheckMs).unref();
