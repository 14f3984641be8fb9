import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { type Deployment, forgetHost, removalScript } from "../provisioning/provider/forget-host.ts";
import { ask } from "./ask.ts";
import { callPulumi } from "./call-pulumi.ts";

export function forgetCommand(): Command {
  return new Command("forget")
    .description("give up a host that will not answer any more: `pulumi destroy` goes on without it")
    .argument("<host>", "name of the host")
    .option("--stack <name>", "stack whose state it is taken out of", "rpi")
    .option("--yes", "do it without asking")
    .action(forget);
}

async function forget(host: string, { stack, yes }: { stack: string; yes?: boolean }): Promise<void> {
  const state = JSON.parse(callPulumi(["stack", "export", "--stack", stack])) as { deployment: Deployment };
  const { deployment, left } = forgetHost(state.deployment, host);
  if (left.length === 0)
    throw new Error(`found nothing on ${host} in stack ${stack}, wanted a host that has something`);
  console.log(`On ${host} stays, as nobody can reach it:`);
  for (const { does } of left) console.log(`  not done: ${does}`);
  if (!yes && !(await confirmed(host, stack))) throw new Error("Nothing was forgotten.");

  const script = `left-on-${host}.sh`;
  // Before the state forgets it, nobody else would know.
  writeFileSync(script, removalScript(host, left), { mode: 0o755 });
  callPulumi(["stack", "import", "--stack", stack], JSON.stringify({ ...state, deployment }));
  console.log(`Stack ${stack} has forgotten ${host}. When it is back, and is not reflashed:`);
  console.log(`  ssh USER@${host} sudo sh < ${script}`);
}

async function confirmed(host: string, stack: string): Promise<boolean> {
  const question = `Forget ${host} in stack ${stack}? Only "yes" does it: `;
  return (await ask(question, ", wanted a yes; add --yes")) === "yes";
}
