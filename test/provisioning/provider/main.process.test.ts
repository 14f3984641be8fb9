import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterEach, expect, jest, test } from "@jest/globals";
import type pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { eventually } from "../../../testing/eventually.ts";
import { connectPlugin } from "./plugin.ts";

jest.setTimeout(60_000);

const root = join(import.meta.dirname, "../../..");
const program = join(root, "provisioning/provider/pulumi-resource-bramble");
const standIn = join(root, "lab/command-plugin/pulumi-resource-command");
const env = { ...process.env, PATH: `${join(process.execPath, "..")}:${process.env.PATH}` };
let child: ChildProcess;
afterEach(() => void child.kill("SIGKILL"));

const started = (command: string, args: string[]) => {
  child = spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface(child.stdout as Readable)[Symbol.asyncIterator]();
  return { line: async () => String((await lines.next()).value) };
};

test("the plugin that Pulumi finds prints its port, and nothing else, and answers there", async () => {
  const port = await started(program, ["127.0.0.1:1"]).line();
  expect(port).toMatch(/^\d+$/);
  const plugin = connectPlugin(Number(port));
  const info = await plugin.call<pluginProto.PluginInfo>("getPluginInfo", new emptyProto.Empty());
  expect(info.getVersion()).toMatch(/^\d/);
  plugin.close();
});

test.each([
  ["the plugin", "it runs", program],
  ["the plugin", "it starts", program],
  ["the stand-in for the command plugin", "it runs", standIn],
  ["the stand-in for the command plugin", "it starts", standIn],
])("%s ends with an engine that is killed while %s", async (_, when, plugin) => {
  const engine = '"$1" 127.0.0.1:1 & echo $!; wait';
  const { line } = started("sh", ["-c", engine, "sh", plugin]);
  const pid = Number(await line());
  if (when === "it runs") await line();
  else {
    await eventually(
      () => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("node"),
      () => `${plugin} does not start Node`,
    );
  }
  child.kill("SIGKILL");
  await eventually(
    () => !existsSync(`/proc/${pid}`),
    () => `${plugin} outlives its engine`,
  );
});
