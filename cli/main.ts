import { Command } from "commander";
import { errorJson } from "./error-json.ts";

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  lab: async () => (await import("./lab.ts")).labCommand(),
  demo: async () => (await import("./demo.ts")).demoCommand(),
  env: async () => (await import("./env.ts")).envCommand(),
  trust: async () => (await import("./trust.ts")).trustCommand(),
  forget: async () => (await import("./forget.ts")).forgetCommand(),
  validate: async () => (await import("./validate.ts")).validateCommand(),
  operator: async () => (await import("./operator.ts")).operatorCommand(),
  check: async () => (await import("./check.ts")).checkCommand(),
  status: async () => (await import("./status.ts")).statusCommand(),
  deadletters: async () => (await import("./deadletters.ts")).deadlettersCommand(),
  replay: async () => (await import("./replay.ts")).replayCommand(),
  skip: async () => (await import("./skip.ts")).skipCommand(),
  diff: async () => (await import("./diff.ts")).diffCommand(),
};

const program = new Command("bramble")
  .description("Kafka stream pipelines on a cluster of Raspberry Pis, from one YAML file.")
  .enablePositionalOptions();
// Only the named command is loaded, which halves the start time of most commands. Help needs all of them.
const asked = process.argv[2] ?? "";
for (const [name, load] of Object.entries(commands)) {
  if (name === asked || !Object.hasOwn(commands, asked)) program.addCommand(await load());
}
for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
  command.showHelpAfterError("(add --help for usage)");
}

try {
  await program.parseAsync();
} catch (error) {
  const { name, message } = error as Error;
  const isForScript = process.argv.includes("--json");
  // Only a bug of bramble's own prints its stack. A mistake in a pipeline file starts with its location, not with "bramble:".
  if (["TypeError", "ReferenceError", "RangeError", "SyntaxError", "AssertionError"].includes(name))
    console.error(error);
  else if (isForScript) console.error(errorJson(error as Error));
  else console.error(name === "PipelineError" ? message : `bramble: ${message}`);
  process.exit(1);
}
