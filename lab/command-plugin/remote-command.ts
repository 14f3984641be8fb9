import type ssh2 from "ssh2";
import { type ConnectionArgs, dial } from "./connection.ts";
import type { ResourceLog } from "./engine-log.ts";

/** The inputs of a `command:remote:Command` that a run needs, revealed. */
export interface CommandArgs {
  readonly connection: ConnectionArgs;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly logging?: "stdout" | "stderr" | "stdoutAndStderr" | "none";
  readonly addPreviousOutputInEnv?: boolean;
}

export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in the user's login shell on the host; anything but exit code 0 is an error. */
export async function runCommand(
  args: CommandArgs,
  command: string,
  previous: Partial<CommandOutput>,
  log: ResourceLog,
): Promise<CommandOutput> {
  const client = await dial(args.connection, log.status);
  try {
    const env: Record<string, string> = {};
    for (const [name, value] of Object.entries(args.environment ?? {})) {
      if (!(await acceptsVariable(client, name, value))) {
        log.error(refusal(name));
        throw new Error(`could not set environment variable "${name}"`);
      }
      env[name] = value;
    }
    if (args.addPreviousOutputInEnv ?? true) {
      const outputs = { PULUMI_COMMAND_STDOUT: previous.stdout, PULUMI_COMMAND_STDERR: previous.stderr };
      for (const [name, value] of Object.entries(outputs)) {
        if (!value) continue;
        if (await acceptsVariable(client, name, value)) env[name] = value;
        else log.warning(refusal(name));
      }
    }
    return await execute(client, command, env, args, log);
  } finally {
    client.end();
  }
}

function refusal(name: string): string {
  return (
    `Unable to set '${name}'. This only works if your SSH server is configured to accept these variables via ` +
    "AcceptEnv. Alternatively, if a Bash-like shell runs the command on the remote host, you could prefix the " +
    "command itself with the variables in the form 'VAR=value command'"
  );
}

/** A form of `sftp` that ssh2 documents and its types lack. */
type SftpWithEnvironment = ssh2.Client & {
  sftp(environment: Record<string, string>, done: (error: Error | undefined, sftp?: ssh2.SFTPWrapper) => void): void;
};

/** ssh2 tells whether a variable was refused only when it opens an SFTP session, so that is what asks. */
function acceptsVariable(client: ssh2.Client, name: string, value: string): Promise<boolean> {
  return new Promise((resolve) => {
    (client as SftpWithEnvironment).sftp({ [name]: value }, (error, sftp) => {
      sftp?.end();
      resolve(error === undefined);
    });
  });
}

function execute(
  client: ssh2.Client,
  command: string,
  env: Record<string, string>,
  { stdin, logging = "stdoutAndStderr" }: CommandArgs,
  log: ResourceLog,
): Promise<CommandOutput> {
  return new Promise((resolve, reject) => {
    client.exec(command, { env }, (error, channel) => {
      if (error) return reject(error);
      let stdout = "";
      let stderr = "";
      let both = "";
      channel.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
        both += text;
        if (logging.startsWith("stdout")) log.status(text.trimEnd());
      });
      channel.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
        both += text;
        if (logging.toLowerCase().endsWith("stderr")) log.status(text.trimEnd());
      });
      channel.on("close", (code: number | null, signal?: string) => {
        if (code === 0) return resolve({ stdout: withoutNewline(stdout), stderr: withoutNewline(stderr) });
        const how = signal ? `Process exited from signal ${signal}` : `Process exited with status ${code}`;
        reject(new Error(`${how}: running ${JSON.stringify(command)}:\n${both}`));
      });
      client.once("error", reject);
      channel.end(stdin ?? "");
    });
  });
}

function withoutNewline(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}
