import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { check } from "./check.ts";
import { commandResource } from "./command-resource.ts";
import { type Change, diff } from "./diff.ts";
import type { EngineLog } from "./engine-log.ts";
import type { Properties } from "./property-values.ts";
import type { ResourceType } from "./resource-type.ts";

/** The version of the official plugin that this one stands in for. */
export const standsInFor: string = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"))
  .dependencies["@pulumi/command"];

const notice =
  `command: using bramble's offline stand-in for Pulumi's command plugin ${standsInFor}, ` +
  `because the official one is not installed (\`pulumi plugin install resource command ${standsInFor}\`)`;

/** The one of the official plugin's resource types that bramble uses. */
const commandToken = "command:remote:Command";

/** The plugin's side of `pulumirpc.ResourceProvider`, as far as a resource without read needs it. */
export function commandService(log: EngineLog): grpc.UntypedServiceImplementation {
  let noticed = false;
  /** The log of a resource that is about to change for real; the first one in a run is told who does it. */
  const changing = (urn: string) => {
    if (!noticed) log.info(notice);
    noticed = true;
    return log.resource(urn);
  };

  const handlers = {
    getPluginInfo: async () => new pluginProto.PluginInfo().setVersion(standsInFor),
    getSchema: async () => new providerProto.GetSchemaResponse().setSchema("{}"),
    attach: async () => new emptyProto.Empty(),
    cancel: async () => new emptyProto.Empty(),
    checkConfig: async (request: providerProto.CheckRequest) => accepted(request),
    diffConfig: async () => new providerProto.DiffResponse(),
    configure: async () => new providerProto.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true),
    async check(request: providerProto.CheckRequest) {
      const { inputs, failures } = check(typeOf(request.getUrn()), plain(request.getNews()));
      const response = new providerProto.CheckResponse().setInputs(wire(inputs));
      for (const { property, reason } of failures) {
        response.addFailures(new providerProto.CheckFailure().setProperty(property).setReason(reason));
      }
      return response;
    },
    async diff(request: providerProto.DiffRequest) {
      return diffResponse(diff(typeOf(request.getUrn()), plain(request.getOlds()), plain(request.getNews())));
    },
    async create(request: providerProto.CreateRequest) {
      const [type, inputs] = [typeOf(request.getUrn()), plain(request.getProperties())];
      const state = request.getPreview() ? type.preview(inputs) : await type.create(inputs, changing(request.getUrn()));
      const id = request.getPreview() ? "" : `${nameOf(request.getUrn())}${randomBytes(4).toString("hex")}`;
      return new providerProto.CreateResponse().setId(id).setProperties(wire(state));
    },
    async update(request: providerProto.UpdateRequest) {
      const [type, inputs] = [typeOf(request.getUrn()), plain(request.getNews())];
      const state = request.getPreview()
        ? type.preview(inputs)
        : await type.update(plain(request.getOlds()), inputs, changing(request.getUrn()));
      return new providerProto.UpdateResponse().setProperties(wire(state));
    },
    // There is nothing to read: a command that ran has run. What is recorded is handed back.
    async read(request: providerProto.ReadRequest) {
      const response = new providerProto.ReadResponse().setId(request.getId());
      return response.setProperties(request.getProperties()).setInputs(request.getInputs());
    },
    async delete(request: providerProto.DeleteRequest) {
      await typeOf(request.getUrn()).delete(plain(request.getProperties()), changing(request.getUrn()));
      return new emptyProto.Empty();
    },
  };

  return Object.fromEntries(
    Object.entries(handlers).map(([name, handle]) => [
      name,
      (call: grpc.ServerUnaryCall<never, unknown>, callback: grpc.sendUnaryData<unknown>) => {
        handle(call.request).then(
          (response) => callback(null, response),
          (error: Error) => callback({ code: grpc.status.UNKNOWN, details: error.message }),
        );
      },
    ]),
  ) as grpc.UntypedServiceImplementation;
}

function typeOf(urn: string): ResourceType {
  const token = urn.split("::")[2]?.split("$").at(-1) ?? "";
  if (token === commandToken) return commandResource;
  throw new Error(`the offline stand-in for the command plugin has no ${token}, only ${commandToken}`);
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

function accepted(request: providerProto.CheckRequest): providerProto.CheckResponse {
  return new providerProto.CheckResponse().setInputs(request.getNews());
}

function diffResponse(changes: readonly Change[]): providerProto.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = providerProto.DiffResponse.DiffChanges;
  const { Kind } = providerProto.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  } as const;
  const response = new providerProto.DiffResponse()
    .setChanges(changes.length === 0 ? DIFF_NONE : DIFF_SOME)
    .setDiffsList(changes.map(({ property }) => property))
    .setReplacesList(changes.filter(({ replace }) => replace).map(({ property }) => property))
    .setHasdetaileddiff(true);
  for (const { property, kind, replace } of changes) {
    const detail = new providerProto.PropertyDiff().setKind(kinds[kind][replace ? 1 : 0]).setInputdiff(true);
    response.getDetaileddiffMap().set(property, detail);
  }
  return response;
}

function plain(struct: structProto.Struct | undefined): Properties {
  return (struct?.toJavaScript() ?? {}) as Properties;
}

function wire(properties: Properties): structProto.Struct {
  return structProto.Struct.fromJavaScript(properties as Record<string, structProto.JavaScriptValue>);
}
