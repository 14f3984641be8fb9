import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";

/** Shows a line beside a resource in Pulumi's display; a passing one is gone with the next. */
export type Show = (urn: string, message: string, passing: boolean) => void;

/** Connects to the engine that started this plugin. */
export function connectEngine(address: string): Show {
  const client = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  return (urn, message, passing) => {
    const request = new engineProto.LogRequest();
    request.setSeverity(engineProto.LogSeverity.INFO);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(passing);
    client.log(request, () => {}); // display only: never worth failing for
  };
}
