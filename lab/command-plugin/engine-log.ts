import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";

const { INFO, WARNING, ERROR } = engineProto.LogSeverity;

/** Lines shown with one resource. */
export interface ResourceLog {
  /** Passing: shown while the resource is worked on, and then no more. */
  readonly status: (message: string) => void;
  readonly warning: (message: string) => void;
  readonly error: (message: string) => void;
}

export interface EngineLog {
  /** A line that belongs to the whole run. */
  readonly info: (message: string) => void;
  readonly resource: (urn: string) => ResourceLog;
}

/** @param address of the engine's gRPC service; none when someone runs the plugin by hand, who then sees no log. */
export function engineLog(address: string | undefined): EngineLog {
  const client =
    address === undefined ? undefined : new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  const log = (severity: number, message: string, urn = "", ephemeral = false) => {
    const request = new engineProto.LogRequest();
    request.setSeverity(severity as never);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(ephemeral);
    client?.log(request, () => {}); // A line that cannot be shown is no reason to fail.
  };
  return {
    info: (message) => log(INFO, message),
    resource: (urn) => ({
      status: (message) => log(INFO, message, urn, true),
      warning: (message) => log(WARNING, message, urn),
      error: (message) => log(ERROR, message, urn),
    }),
  };
}
