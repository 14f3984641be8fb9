import { setTimeout as sleep } from "node:timers/promises";
import grpc from "@grpc/grpc-js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { DeclaredPipeline } from "../impact/declared-pipeline.ts";
import { impact } from "../resources/impact.ts";
import type { Session } from "../resources/resource-type.ts";
import type { ClusterConfig, ClusterSession } from "./cluster-session.ts";
import { describeImpact } from "./describe-impact.ts";
import { diff, type FieldChange, type Properties } from "./diff.ts";
import type { Show } from "./engine.ts";
import { converge, PartialFailure, preview, read } from "./lifecycle.ts";
import { Plan } from "./plan.ts";
import { resourceType } from "./registry.ts";

const { Struct } = structProto;
type Wire = structProto.Struct | undefined;
// biome-ignore lint/suspicious/noExplicitAny: grpc-js types requests per method; the handlers below name theirs
type Call = grpc.ServerUnaryCall<any, any>;

/**
 * Once the engine hears of a failure it begins nothing more, and a second fault would stay untold. So a failure is kept
 * back until the engine has asked for nothing else this long, and no longer than the limit.
 */
const quietMs = 1000;
const maxHoldMs = 8000;

/**
 * The plugin's side of Pulumi's `ResourceProvider` gRPC service (pulumi/provider.proto). The SDK's own TypeScript
 * interface has no configuration, preview flag or field-level diff, which is why it is not used.
 */
export function providerService(
  show: Show,
  connect: (config: ClusterConfig) => Pick<ClusterSession, "with" | "close">,
): grpc.UntypedServiceImplementation {
  let cluster: ReturnType<typeof connect> | undefined;
  let lastAsked = 0;
  const plan = new Plan();

  const session = (urn: string): Session => {
    if (cluster === undefined) throw new Error("the provider is not configured");
    return cluster.with(
      (message) => show(urn, message, true),
      (message) => show(urn, message, false),
    );
  };
  const checked = (request: providerProto.CheckRequest) => {
    const response = new providerProto.CheckResponse();
    response.setInputs(request.getNews());
    return response;
  };
  /** The last resource of the program: by now the plan is whole. */
  const tell = async (urn: string, after: Properties, before?: Properties) => {
    if (!plan.previews || !plan.isPlanned(urn)) return;
    const [now, then] = [after, before] as [unknown, unknown] as [DeclaredPipeline, DeclaredPipeline | undefined];
    const sentences = await describeImpact(session(urn), plan.changes(), then, now);
    if (sentences.length > 0) show(urn, sentences.join("\n"), false);
  };

  const handlers = {
    getPluginInfo: async () => new pluginProto.PluginInfo().setVersion("0.1.0"),
    getSchema: async () => new providerProto.GetSchemaResponse().setSchema("{}"),
    attach: async () => new emptyProto.Empty(),
    async cancel() {
      await cluster?.close();
      return new emptyProto.Empty();
    },
    checkConfig: async (request: providerProto.CheckRequest) => checked(request),
    // A new password or address is told to the provider; no resource is another because of it.
    async diffConfig(request: providerProto.DiffRequest) {
      const type = { replaceOn: [], local: [] };
      const before = plain(request.getOlds());
      return diffResponse(diff(type, before, plain(request.getNews()), before));
    },
    async configure(request: providerProto.ConfigureRequest) {
      cluster = connect(clusterConfig(request.getVariablesMap()));
      return new providerProto.ConfigureResponse().setSupportspreview(true);
    },
    async check(request: providerProto.CheckRequest) {
      plan.checked(request.getUrn());
      return checked(request);
    },
    async diff(request: providerProto.DiffRequest) {
      const [state, want, inputs] = [request.getOlds(), request.getNews(), request.getOldInputs()].map(plain);
      const type = resourceType(request.getType());
      const changes = diff(type, state ?? {}, want ?? {}, inputs ?? {});
      const resource = { state: state ?? {}, want: want ?? {}, oldInputs: inputs ?? {} };
      plan.compared(request.getUrn(), type, resource, changes);
      if (type === impact) await tell(request.getUrn(), resource.want, resource.oldInputs);
      const response = diffResponse(changes);
      return response.setDeletebeforereplace(type.deleteBeforeReplace);
    },
    async create(request: providerProto.CreateRequest) {
      const type = resourceType(request.getType());
      const want = plain(request.getProperties());
      const act = request.getPreview() ? preview : converge;
      plan.previews ||= request.getPreview();
      plan.created(request.getUrn(), type, want);
      if (type === impact) await tell(request.getUrn(), want);
      const state = await act(type, session(request.getUrn()), want);
      return new providerProto.CreateResponse()
        .setId(request.getPreview() ? "" : type.id(want))
        .setProperties(wire(state));
    },
    async read(request: providerProto.ReadRequest) {
      const type = resourceType(request.getType());
      const inputs = plain(request.getInputs());
      const state = await read(type, session(request.getUrn()), plain(request.getProperties()));
      plan.found(request.getUrn(), type, inputs, state);
      const response = new providerProto.ReadResponse();
      if (state === undefined) return response;
      // What is recorded and nowhere to be seen is as the last program had it, whose word the state need not have.
      const isSeen = (key: string) => key in state && !type.local.includes(key);
      const seen = Object.fromEntries(
        Object.entries(inputs).map(([key, value]) => [key, isSeen(key) ? state[key] : value]),
      );
      return response.setId(request.getId()).setProperties(wire(state)).setInputs(wire(seen));
    },
    async update(request: providerProto.UpdateRequest) {
      const type = resourceType(request.getType());
      const act = request.getPreview() ? preview : converge;
      plan.previews ||= request.getPreview();
      const state = await act(type, session(request.getUrn()), plain(request.getNews()), plain(request.getOlds()));
      return new providerProto.UpdateResponse().setProperties(wire(state));
    },
    async delete(request: providerProto.DeleteRequest) {
      await resourceType(request.getType()).remove(session(request.getUrn()), plain(request.getProperties()));
      return new emptyProto.Empty();
    },
  };

  return Object.fromEntries(
    Object.entries(handlers).map(([name, handle]) => [
      name,
      (call: Call, callback: grpc.sendUnaryData<unknown>) => {
        lastAsked = Date.now();
        handle(call.request).then(
          (response) => callback(null, response),
          async (error: Error) => {
            const latest = Date.now() + maxHoldMs;
            while (Date.now() < Math.min(lastAsked + quietMs, latest)) await sleep(50);
            callback(grpcError(error));
          },
        );
      },
    ]),
  );
}

/** The engine hands every configuration value over as text, JSON for what is not a string, secrets in clear. */
function clusterConfig(variables: { get(key: string): string | undefined }): ClusterConfig {
  const text = (key: string) => variables.get(`bramble:config:${key}`);
  const [password, privateKey] = [text("password"), text("privateKey")];
  return {
    login: {
      user: text("user") ?? "pi",
      port: Number(text("port") ?? 22),
      ...(password === undefined ? {} : { password }),
      ...(privateKey === undefined ? {} : { privateKey }),
    },
    hosts: JSON.parse(text("hosts") ?? "{}"),
    bootstrapServers: JSON.parse(text("bootstrapServers") ?? "[]"),
    zookeepers: JSON.parse(text("zookeepers") ?? "[]"),
    controllers: JSON.parse(text("controllers") ?? "[]"),
  };
}

function diffResponse(changes: readonly FieldChange[]): providerProto.DiffResponse {
  const { ADD, DELETE, UPDATE, ADD_REPLACE, DELETE_REPLACE, UPDATE_REPLACE } = providerProto.PropertyDiff.Kind;
  const kinds = {
    add: [ADD, ADD_REPLACE],
    delete: [DELETE, DELETE_REPLACE],
    update: [UPDATE, UPDATE_REPLACE],
  } as const;
  const response = new providerProto.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = providerProto.DiffResponse.DiffChanges;
  response.setChanges(changes.length === 0 ? DIFF_NONE : DIFF_SOME).setHasdetaileddiff(true);
  const top = (path: string) => path.split(/[.[]/, 1)[0] ?? path;
  response.setDiffsList([...new Set(changes.map(({ path }) => top(path)))]);
  response.setReplacesList([...new Set(changes.filter(({ replace }) => replace).map(({ path }) => top(path)))]);
  for (const { path, kind, replace } of changes) {
    const property = new providerProto.PropertyDiff();
    property.setKind(kinds[kind][replace ? 1 : 0]);
    response.getDetaileddiffMap().set(path, property);
  }
  return response;
}

/** A change that was begun is told to the engine with what it left, so that the stack's state stays true. */
function grpcError(error: Error): Partial<grpc.StatusObject> {
  const metadata = new grpc.Metadata();
  if (error instanceof PartialFailure) {
    const detail = new providerProto.ErrorResourceInitFailed();
    detail.setId(error.id).setProperties(wire(error.state)).setReasonsList([error.message]);
    const packed = new anyProto.Any();
    packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new statusProto.Status();
    status.setCode(grpc.status.UNKNOWN).setMessage(error.message).addDetails(packed);
    // The field in which gRPC carries structured errors; grpc-js has no call for it.
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  }
  return { code: grpc.status.UNKNOWN, details: error.message, metadata };
}

function plain(struct: Wire): Properties {
  return (struct?.toJavaScript() ?? {}) as Properties;
}

function wire(properties: Properties): structProto.Struct {
  // JSON drops what is undefined, for which a Struct has no value.
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)));
}
