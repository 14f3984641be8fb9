import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import type { ClusterConfig } from "../../../provisioning/provider/cluster-session.ts";
import type { Properties } from "../../../provisioning/provider/diff.ts";
import { providerService } from "../../../provisioning/provider/server.ts";
import { impact } from "../../../provisioning/resources/impact.ts";
import { owner, target, thisMachine } from "../this-machine.ts";
import { connectPlugin, type Plugin, struct } from "./plugin.ts";

jest.setTimeout(60_000);

const type = "bramble:host:File";
const urn = `urn:pulumi:rpi::bramble::${type}::rpi0-a`;
const { session, done } = thisMachine();
let shown: [urn: string, message: string, passing: boolean][] = [];
let configs: ClusterConfig[] = [];
let closed = 0;
let server: grpc.Server;
let plugin: Plugin;
let folder: string;
let want: Properties;

beforeAll(async () => {
  server = new grpc.Server();
  const service = providerService(
    (...line) => shown.push(line),
    (config) => {
      configs.push(config);
      return { with: (progress) => ({ ...session, progress }), close: async () => void closed++ };
    },
  );
  server.addService(providerGrpc.ResourceProviderService as unknown as grpc.ServiceDefinition, service);
  const credentials = grpc.ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  plugin = connectPlugin(port);
  folder = mkdtempSync(join(tmpdir(), "bramble-provider-"));
});
afterAll(() => {
  plugin.close();
  server.forceShutdown();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  await configure({});
  shown = [];
  configs = [];
  done();
  want = { ...target, path: join(mkdtempSync(join(folder, "t-")), "a.conf"), content: "a=1\n", mode: "0644", owner };
});

function configure(variables: Record<string, string>): Promise<providerProto.ConfigureResponse> {
  const request = new providerProto.ConfigureRequest();
  for (const [key, value] of Object.entries(variables)) request.getVariablesMap().set(`bramble:config:${key}`, value);
  return plugin.call("configure", request);
}

async function create(properties: Properties, preview = false, token = type) {
  const request = new providerProto.CreateRequest();
  request.setUrn(urn).setType(token).setProperties(struct(properties)).setPreview(preview);
  const response = await plugin.call<providerProto.CreateResponse>("create", request);
  return { id: response.getId(), state: response.getProperties()?.toJavaScript() };
}

async function update(state: Properties, news: Properties, preview = false) {
  const request = new providerProto.UpdateRequest();
  request.setUrn(urn).setType(type).setId("id").setOlds(struct(state)).setNews(struct(news)).setPreview(preview);
  const response = await plugin.call<providerProto.UpdateResponse>("update", request);
  return response.getProperties()?.toJavaScript();
}

async function read(state: Properties, inputs: Properties, token = type) {
  const request = new providerProto.ReadRequest();
  request.setUrn(urn).setType(token).setId("id").setProperties(struct(state)).setInputs(struct(inputs));
  const response = await plugin.call<providerProto.ReadResponse>("read", request);
  return {
    id: response.getId(),
    state: response.getProperties()?.toJavaScript(),
    inputs: response.getInputs()?.toJavaScript(),
  };
}

async function diff(state: Properties, news: Properties, inputs: Properties = news, token = type) {
  const request = new providerProto.DiffRequest();
  request.setUrn(urn).setType(token).setOlds(struct(state)).setNews(struct(news)).setOldInputs(struct(inputs));
  return (await plugin.call<providerProto.DiffResponse>("diff", request)).toObject();
}

describe("what the engine asks first", () => {
  test("is answered: version, schema, what it may send", async () => {
    const info = await plugin.call<pluginProto.PluginInfo>("getPluginInfo", new emptyProto.Empty());
    expect(info.getVersion()).toMatch(/^\d+\.\d+\.\d+$/);
    const schema = await plugin.call<providerProto.GetSchemaResponse>(
      "getSchema",
      new providerProto.GetSchemaRequest(),
    );
    expect(JSON.parse(schema.getSchema())).toEqual({});
    await plugin.call("attach", new pluginProto.PluginAttach());
    expect((await configure({})).toObject()).toMatchObject({
      supportspreview: true,
      // The engine then sends plain values, which is all that the resources can read.
      acceptsecrets: false,
      acceptoutputs: false,
      acceptresources: false,
    });
  });

  test("is configured from text, with the defaults of a Pi as it comes", async () => {
    await configure({});
    await configure({
      user: "root",
      port: "2222",
      password: "raspberry",
      privateKey: "-----BEGIN",
      hosts: '{"rpi0":{"address":"10.42.0.250","id":0}}',
      bootstrapServers: '["10.42.0.250:9092"]',
      zookeepers: '["10.42.0.250:2181"]',
      controllers: '["0@10.42.0.250:9093"]',
    });
    expect(configs).toEqual([
      { login: { user: "pi", port: 22 }, hosts: {}, bootstrapServers: [], zookeepers: [], controllers: [] },
      {
        login: { user: "root", port: 2222, password: "raspberry", privateKey: "-----BEGIN" },
        hosts: { rpi0: { address: "10.42.0.250", id: 0 } },
        bootstrapServers: ["10.42.0.250:9092"],
        zookeepers: ["10.42.0.250:2181"],
        controllers: ["0@10.42.0.250:9093"],
      },
    ]);
  });

  test("is refused when it is not there, as the engine expects of a plugin", async () => {
    await expect(plugin.call("getMapping", new providerProto.GetMappingRequest())).rejects.toMatchObject({
      code: grpc.status.UNIMPLEMENTED,
    });
    const request = new providerProto.CreateRequest()
      .setUrn(urn)
      .setType("bramble:host:Nonsense")
      .setProperties(struct({}));
    await expect(plugin.call("create", request)).rejects.toMatchObject({
      details: expect.stringMatching(
        /^bramble:host:Nonsense: this provider has no such resource type; expected one of bramble:host:Machine, /,
      ),
    });
  });

  test("a cancel closes every connection", async () => {
    const before = closed;
    await plugin.call("cancel", new emptyProto.Empty());
    expect(closed).toBe(before + 1);
  });
});

test("inputs pass the check as they are", async () => {
  const request = new providerProto.CheckRequest().setUrn(urn).setType(type).setNews(struct(want));
  const response = await plugin.call<providerProto.CheckResponse>("check", request);
  expect(response.getInputs()?.toJavaScript()).toEqual(want);
  expect(response.getFailuresList()).toEqual([]);
});

describe("diff", () => {
  const { NONE, SOME } = {
    NONE: providerProto.DiffResponse.DiffChanges.DIFF_NONE,
    SOME: providerProto.DiffResponse.DiffChanges.DIFF_SOME,
  };
  const { ADD, DELETE, UPDATE, UPDATE_REPLACE } = providerProto.PropertyDiff.Kind;
  const kinds = (detailed: [string, providerProto.PropertyDiff.AsObject][]) =>
    detailed.map(([path, { kind }]) => [path, kind]);

  test("says nothing of what is as wanted", async () => {
    expect(await diff({ ...want, found: "more" }, want)).toMatchObject({
      changes: NONE,
      diffsList: [],
      replacesList: [],
      detaileddiffMap: [],
      hasdetaileddiff: true,
    });
  });

  test("names each field by its path, and what makes it another thing", async () => {
    const response = await diff({ ...want, mode: "0600" }, { ...want, path: "/etc/b" });
    expect(response).toMatchObject({ changes: SOME, diffsList: ["mode", "path"], replacesList: ["path"] });
    expect(kinds(response.detaileddiffMap)).toEqual([
      ["mode", UPDATE],
      ["path", UPDATE_REPLACE],
    ]);
  });

  test("names an entry of a mapping, and its mapping for the engine", async () => {
    const topic = { name: "t", partitions: 1, config: { "retention.ms": "1", plain: "x" } };
    const news = { ...topic, config: { "retention.ms": "2", added: "y" } };
    const response = await diff(topic, news, topic, "bramble:kafka:Topic");
    expect(response).toMatchObject({ diffsList: ["config"], replacesList: [] });
    expect(kinds(response.detaileddiffMap)).toEqual([
      ["config.added", ADD],
      ["config.plain", DELETE],
      ['config["retention.ms"]', UPDATE],
    ]);
  });

  test("leaves out where a thing comes from on this machine", async () => {
    const archive = { ...target, path: "/opt/kafka", archive: "/a.tgz" };
    expect(await diff(archive, { ...archive, archive: "/b.tgz" }, archive, "bramble:host:Archive")).toMatchObject({
      changes: NONE,
    });
  });

  test("never lets two of one unit run at once", async () => {
    const unit = { ...target, name: "bramble-con1.service" };
    const response = await diff(unit, { ...unit, host: "rpi1" }, unit, "bramble:systemd:Unit");
    expect(response).toMatchObject({ replacesList: ["host"], deletebeforereplace: true });
    expect(await diff(want, { ...want, path: "/b" })).toMatchObject({ deletebeforereplace: false });
  });

  test("of the configuration replaces nothing", async () => {
    const request = new providerProto.DiffRequest().setOlds(struct({ user: "pi" })).setNews(struct({ user: "root" }));
    const response = (await plugin.call<providerProto.DiffResponse>("diffConfig", request)).toObject();
    expect(response).toMatchObject({ changes: SOME, diffsList: ["user"], replacesList: [] });
  });
});

describe("a resource's life", () => {
  const path = () => String(want.path);

  test("is previewed without a touch, made, seen, changed and taken away", async () => {
    expect(await create(want, true)).toEqual({ id: "", state: want });
    expect(existsSync(path())).toBe(false);
    expect(done()).toEqual([]);

    expect(await create(want)).toEqual({ id: `rpi0:${path()}`, state: want });
    expect(shown).toEqual([[urn, `write ${path()}`, true]]);
    expect(await read(want, want)).toEqual({ id: "id", state: want, inputs: want });

    writeFileSync(path(), "by hand");
    const { state, inputs } = await read(want, want);
    expect([state, inputs]).toEqual([
      { ...want, content: "by hand" },
      { ...want, content: "by hand" },
    ]);

    done();
    const changed = { ...want, content: "a=2\n" };
    expect(await update(state as Properties, changed, true)).toEqual(changed);
    expect(done()).toEqual([]);
    expect(await update(state as Properties, changed)).toEqual(changed);
    expect(readFileSync(path(), "utf8")).toBe("a=2\n");

    const request = new providerProto.DeleteRequest().setUrn(urn).setType(type).setProperties(struct(changed));
    await plugin.call("delete", request);
    expect(await read(changed, changed)).toEqual({ id: "", state: undefined, inputs: undefined });
  });

  test("inputs that are read back are those that the program gave, as they are now", async () => {
    await create(want);
    const { content: _, ...inputs } = want;
    expect((await read({ ...want, more: 1 }, { ...inputs, unseen: "kept" })).inputs).toEqual({
      ...inputs,
      unseen: "kept",
    });
  });

  test("inputs that are on record alone are read back as the last program gave them, not as the first one did", async () => {
    const [first, last] = ["con1", "con2"].map((name) => ({ services: { [name]: {} }, topics: {}, keepData: false }));
    expect((await read(first ?? {}, last ?? {}, impact.token)).inputs).toEqual(last);
  });

  test("a failure says in one piece what was found and what to do", async () => {
    mkdirSync(path());
    await expect(create(want)).rejects.toMatchObject({
      details: expect.stringMatching(/^rpi0 \(127\.0\.0\.1\): [^ ]+ cannot be read: .*Is a directory\. Fix that/),
    });
  });

  // Only root may give a file away.
  (process.getuid?.() === 0 ? test : test.skip)("what was begun is kept, with what is there now", async () => {
    const failure = await create({ ...want, owner: "nobody-of-this-name:none" }).catch(
      (error: grpc.ServiceError) => error,
    );
    // chown comes before the file is in place: nothing was made, nothing is kept.
    expect((failure as grpc.ServiceError).metadata.get("grpc-status-details-bin")).toEqual([]);

    await create(want);
    // The owner is changed before the mode is found to be none.
    const broken = update(want, { ...want, mode: "9999", owner: "daemon:daemon" });
    const error = (await broken.catch((caught) => caught)) as grpc.ServiceError;
    expect(error.code).toBe(grpc.status.UNKNOWN);
    expect(error.details).toMatch(/^rpi0 [^ ]+: could not change the mode of .*invalid mode/);
    const [packed] = error.metadata.get("grpc-status-details-bin");
    const status = statusProto.Status.deserializeBinary(packed as Buffer);
    const detail = status
      .getDetailsList()[0]
      ?.unpack(providerProto.ErrorResourceInitFailed.deserializeBinary, "pulumirpc.ErrorResourceInitFailed");
    expect(status.getMessage()).toBe(error.details);
    expect(detail?.getId()).toBe(`rpi0:${path()}`);
    expect(detail?.getReasonsList()).toEqual([error.details]);
    expect(detail?.getProperties()?.toJavaScript()).toEqual({ ...want, owner: "daemon:daemon" });
  });

  test("several failures at once are all told", async () => {
    const wants = [1, 2, 3].map((i) => ({ ...want, path: `${path()}-${i}`, owner: "nobody-of-this-name:none" }));
    const ended = await Promise.allSettled(wants.map((one) => create(one)));
    expect(ended).toMatchObject(
      wants.map((one) => ({ reason: { details: expect.stringContaining(`could not write ${one.path} `) } })),
    );
  });
});
