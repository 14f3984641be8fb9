import { hasSecret, type Properties, reveal, secret, unknownText } from "./property-values.ts";
import { type CommandArgs, type CommandOutput, runCommand } from "./remote-command.ts";
import type { ResourceType } from "./resource-type.ts";

interface CommandInputs extends CommandArgs {
  readonly create?: string;
  readonly update?: string;
  readonly delete?: string;
}

/** `command:remote:Command` */
export const commandResource: ResourceType = {
  inputs: {
    connection: { type: "object", required: true },
    create: { type: "string" },
    update: { type: "string" },
    delete: { type: "string" },
    environment: { type: "object" },
    stdin: { type: "string" },
    logging: { type: "string" },
    addPreviousOutputInEnv: { type: "boolean", default: true },
    triggers: { type: "list", replace: true },
  },

  check({ logging }) {
    const choices = ["stdout", "stderr", "stdoutAndStderr", "none"];
    if (logging === undefined || choices.includes(logging as string)) return [];
    return [{ property: "logging", reason: `must be one of ${choices.join(", ")}` }];
  },

  async create(inputs, log) {
    const args = reveal(inputs) as CommandInputs;
    const nothing: CommandOutput = { stdout: "", stderr: "" };
    const output = args.create === undefined ? nothing : await runCommand(args, args.create, nothing, log);
    return withOutput(inputs, output);
  },

  async update(state, inputs, log) {
    const args = reveal(inputs) as CommandInputs;
    const previous = reveal(state) as unknown as CommandOutput;
    const command = args.update ?? args.create;
    const output = command === undefined ? previous : await runCommand(args, command, previous, log);
    return withOutput(inputs, output);
  },

  async delete(state, log) {
    const args = reveal(state) as CommandInputs & CommandOutput;
    if (args.delete !== undefined) await runCommand(args, args.delete, args, log);
  },

  preview: (inputs) => ({ ...inputs, stdout: unknownText, stderr: unknownText }),
};

/** What a command prints may repeat what it was told, so it is as secret as that. */
function withOutput(inputs: Properties, { stdout, stderr }: CommandOutput): Properties {
  const secrets = [inputs.create, inputs.update, inputs.environment, inputs.stdin];
  const mark = secrets.some(hasSecret) ? secret : (text: string) => text;
  return { ...inputs, stdout: mark(stdout), stderr: mark(stderr) };
}
