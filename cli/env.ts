import { Command } from "commander";
import { projectEnvironment } from "../lab/environment.ts";

export function envCommand(): Command {
  return new Command("env")
    .description('print the environment variables that Pulumi needs: eval "$(npx bramble env)"')
    .action(() => {
      for (const [name, value] of Object.entries(projectEnvironment())) {
        console.log(`export ${name}='${value.replaceAll("'", "'\\''")}'`);
      }
    });
}
