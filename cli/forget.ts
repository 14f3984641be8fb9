import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { type Deployment, forgetHost, removalScript } from "../provisioning/provider/forget-host.ts";
import { agreed } from "./ask.ts";
import { callPulumi } from "./call-pulumi.ts";

export function forgetCommand(): Command {
  return new Command("forget")
    .description("remove a host that is gone for good from the stack, so that `pulumi destroy` can go on without it")
    .argument("<host>", "name of the host")
    .option("--stack <name>", "remove the host from this stack", "rpi")
    .option("--yes", "do not ask")
    .action(forget);
}

async function forget(host: string, { stack, yes = false }: { stack: string; yes?: boolean }): Promise<void> {
  const state = JSON.parse(callPulumi(["stack", "export", "--stack", stack])) as { deployment: Deployment };
  const { deployment, left } = forgetHost(state.deployment, host);
  if (left.length === 0) throw new Error(`stack ${stack} has nothing on a host named ${host}; nothing was changed`);
  console.log(`What bramble put on ${host} will be left there:`);
  for (const { does } of left) console.log(`  not done: ${does}`);
  await agreed(`Forget ${host} in stack ${stack}?`, yes, { otherwise: "Nothing was forgotten." });

  const script = `left-on-${host}.sh`;
  // Written before the state loses the host: after that, nothing else knows these steps.
  writeFileSync(script, removalScript(host, left), { mode: 0o755 });
  callPulumi(["stack", "import", "--stack", stack], JSON.stringify({ ...state, deployment }));
  console.log(`Stack ${stack} has forgotten ${host}. If ${host} comes back without a reflash, clean it up with:`);
  console.log(`  ssh USER@${host} sudo sh < ${script}`);
}
