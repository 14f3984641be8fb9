import { Command } from "commander";
import { delay, mendDelay } from "../lab/delay.ts";
import { down } from "../lab/down.ts";
import { execInLab, type Invocation, shellInLab, sshToHost } from "../lab/enter.ts";
import { preparePassphrase } from "../lab/environment.ts";
import { cut, freeze, kill, reflash, start } from "../lab/faults.ts";
import { labHost, labHosts } from "../lab/hosts.ts";
import { openLab, prepareLab } from "../lab/lab.ts";
import { LabError } from "../lab/lab-error.ts";
import { isRoot, throughSudo } from "../lab/root.ts";
import { status } from "../lab/status.ts";
import { up } from "../lab/up.ts";
import { milliseconds } from "./milliseconds.ts";
import { statusTable } from "./status-table.ts";
import { wholeNumber } from "./whole-number.ts";

export function labCommand(): Command {
  const command = new Command("lab")
    .description("four virtual Raspberry Pis on this machine")
    .enablePositionalOptions();
  command.hook("preAction", becomeRoot);
  command
    .command("up")
    .description("boot the hosts that are down and wait until ssh answers")
    .option("--owner <pid>", "tear the lab down when this process ends", wholeNumber)
    .action((options: { owner?: number }) => up(openLab(), { ...options, report: console.log }));
  command
    .command("down")
    .description("stop every host and remove everything but the disks")
    .option("--wipe", "also delete the disks, the trusted host keys and the lab's Pulumi state")
    .action((options: { wipe?: boolean }) => down(openLab(), { ...options, report: console.log }));
  command
    .command("status")
    .description("show the state of each host")
    .action(async () => {
      const hosts = await status(openLab());
      if (!hosts) throw new LabError(`lab \`${openLab().name}\` is down; start it with \`npx bramble lab up\``);
      console.log(statusTable(hosts));
    });
  command
    .command("shell")
    .description("open a shell on the lab's network, ready for pulumi")
    .action(() => become(shellInLab(openLab())));
  command
    .command("exec")
    .description("run one program on the lab's network: bramble lab exec -- pulumi preview")
    .argument("<command...>")
    .passThroughOptions()
    .action((argv: string[]) => become(execInLab(openLab(), argv)));
  command
    .command("ssh")
    .description("log in to a host as pi, or run one command there: bramble lab ssh rpi0 -- systemctl status")
    .argument("<host>")
    .argument("[command...]")
    .passThroughOptions()
    .action((host: string, argv: string[]) => become(sshToHost(openLab(), labHost(host), withoutDashes(argv))));
  const hostCommand = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .argument("<host>", labHosts.map((host) => host.name).join(", "));
  hostCommand("kill", "unplug a host; `start` plugs it in again").action((name: string) =>
    kill(openLab(), labHost(name)),
  );
  hostCommand("start", "plug in a host that is off, and wait until ssh answers").action((name: string) =>
    start(openLab(), labHost(name), console.log),
  );
  hostCommand("cut", "unplug a host's network cable")
    .option("--mend", "plug it in again")
    .action((name: string, { mend }: { mend?: boolean }) => cut(openLab(), labHost(name), mend));
  command
    .command("delay")
    .description("delay every packet on every cable by this time, each way: bramble lab delay 20ms")
    .argument("[time]", "the delay, such as 20ms", milliseconds)
    .option("--mend", "remove the delay")
    .action((ms: number | undefined, { mend = false }: { mend?: boolean }) => {
      if (mend === (ms !== undefined)) throw new LabError("give either a time, such as 20ms, or --mend");
      return ms === undefined ? mendDelay(openLab()) : delay(openLab(), ms);
    });
  hostCommand("freeze", "freeze every process on a host, as if the host hung")
    .option("--thaw", "let them continue")
    .action((name: string, { thaw }: { thaw?: boolean }) => freeze(openLab(), labHost(name), thaw));
  hostCommand("reflash", "give a host an empty disk and a new host key, and boot it").action((name: string) =>
    reflash(openLab(), labHost(name), console.log),
  );
  return command;
}

/** With passThroughOptions, commander keeps the `--` after the first argument. */
function withoutDashes(argv: string[]): string[] {
  return argv[0] === "--" ? argv.slice(1) : argv;
}

/** The lab's namespaces are root's to make; everything else belongs to the user who asked. */
function becomeRoot(): void {
  prepareLab(openLab());
  preparePassphrase();
  if (!isRoot()) become({ argv: throughSudo(), env: process.env as Record<string, string> });
}

/** Turns this process into another program, so that its terminal, signals and exit code are that program's own. */
function become({ argv, env }: Invocation): never {
  // `env` looks the program up on PATH, which execve itself does not.
  process.execve?.("/usr/bin/env", ["env", ...argv], env);
  throw new Error("this Node has no process.execve; bramble needs Node 24");
}
