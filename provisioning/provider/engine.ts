import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";

/** Shows a passing line beside a resource in Pulumi's display. */
export type Progress = (urn: string, message: string) => void;

/** Connects to the engine that started this plugin. */
export function connectEngine(address: string): Progress {
  const client = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  return (urn, message) => {
    const request = new engineProto.LogRequest();
    request.setSeverity(engineProto.LogSeverity.INFO);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(true);
    client.log(request, () => {}); // display only: never worth failing for
  };
}
