/** Reads every resource of the stack on standard input (`pulumi stack export --show-secrets`) once, through the provider. */
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { ClusterSession } from "../provisioning/provider/cluster-session.ts";
import { providerService } from "../provisioning/provider/server.ts";

export interface Reading {
  readonly ms: number;
  readonly resources: number;
  readonly hosts: number;
  /** How many were opened, by `host:port`. */
  readonly connections: Readonly<Record<string, number>>;
}

/** As many as Pulumi's engine asks for at once on two cores. */
const parallel = 8;

interface Resource {
  readonly urn: string;
  readonly id: string;
  readonly type: string;
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
}

const { deployment } = JSON.parse(await text(process.stdin)) as { deployment: { resources: Resource[] } };
const all = deployment.resources.filter(({ type, id }) => type.startsWith("bramble:") && id !== undefined);
const provider = deployment.resources.find(({ type }) => type === "pulumi:providers:bramble");
if (provider === undefined) throw new Error("found no stack of bramble's, wanted one that is deployed (`make demo`)");

const connections: Record<string, number> = {};
subscribe("net.client.socket", (message) => {
  const { socket } = message as { socket: Socket };
  socket.once("connect", () => {
    const server = `${socket.remoteAddress}:${socket.remotePort}`;
    connections[server] = (connections[server] ?? 0) + 1;
  });
});

const service = providerService(
  () => {},
  (config) => new ClusterSession(config),
);
/** One call of the provider's gRPC interface, without a socket between. */
function call(method: string, request: unknown): Promise<unknown> {
  const handle = service[method] as (
    call: { request: unknown },
    answer: (error: Error | null, response?: unknown) => void,
  ) => void;
  return new Promise((resolve, reject) =>
    handle({ request }, (error, response) => (error === null ? resolve(response) : reject(error))),
  );
}

const configure = new providerProto.ConfigureRequest();
for (const [key, value] of Object.entries(provider.inputs)) {
  configure.getVariablesMap().set(`bramble:config:${key}`, plain(value));
}
await call("configure", configure);

const began = performance.now();
const waiting = [...all];
await Promise.all(
  Array.from({ length: parallel }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const request = new providerProto.ReadRequest();
      request.setUrn(next.urn).setId(next.id).setType(next.type);
      request.setInputs(structProto.Struct.fromJavaScript(next.inputs as never));
      request.setProperties(structProto.Struct.fromJavaScript(next.outputs as never));
      await call("read", request);
    }
  }),
);
const ms = performance.now() - began;
await call("cancel", undefined);
const hosts = new Set(all.map(({ inputs }) => inputs.host).filter((host) => host !== undefined)).size;
console.log(JSON.stringify({ ms, resources: all.length, hosts, connections } satisfies Reading));

/** A secret that was shown is wrapped, with its value as JSON. */
function plain(value: unknown): string {
  if (typeof value === "string") return value;
  const { plaintext } = value as { plaintext?: string };
  return plaintext === undefined ? JSON.stringify(value) : (JSON.parse(plaintext) as string);
}
