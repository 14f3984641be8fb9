/** Program: started by Pulumi's engine with the engine's address; prints the port that it serves on. */
import grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { engineLog } from "./engine-log.ts";
import { commandService } from "./service.ts";

const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
const service = providerGrpc.ResourceProviderService as unknown as grpc.ServiceDefinition;
const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(service, commandService(engineLog(engineAddress)));
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});

// An engine that was killed cannot say so; without it nobody is there to remember what this plugin does.
const engine = Number(process.env.BRAMBLE_ENGINE ?? process.ppid);
setInterval(() => {
  if (process.ppid !== engine) process.exit(1);
}, 500).unref();
