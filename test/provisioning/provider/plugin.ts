import grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { Properties } from "../../../provisioning/provider/diff.ts";

/** What the engine says to the plugin, over real gRPC. */
export interface Plugin {
  call<T>(method: string, request: object): Promise<T>;
  close(): void;
}

export function connectPlugin(port: number): Plugin {
  const client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  type Unary = (request: object, callback: (error: grpc.ServiceError | null, response: unknown) => void) => void;
  const methods = client as unknown as Record<string, Unary>;
  return {
    call: <T>(method: string, request: object) =>
      new Promise<T>((resolve, reject) => {
        methods[method]?.call(client, request, (error, response) =>
          error === null ? resolve(response as T) : reject(error),
        );
      }),
    close: () => client.close(),
  };
}

export function struct(properties: Properties): structProto.Struct {
  return structProto.Struct.fromJavaScript(properties as Record<string, structProto.JavaScriptValue>);
}
