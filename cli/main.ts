import { Command } from "commander";
import { PipelineFaults } from "../declaration/faults.ts";
import { LabError } from "../lab/lab-error.ts";
import { checkCommand } from "./check.ts";
import { demoCommand } from "./demo.ts";
import { envCommand } from "./env.ts";
import { labCommand } from "./lab.ts";
import { trustCommand } from "./trust.ts";
import { validateCommand } from "./validate.ts";

const program = new Command("bramble")
  .description("Kafka stream pipelines on a cluster of Raspberry Pis, from one YAML file.")
  .addCommand(labCommand())
  .addCommand(demoCommand())
  .addCommand(envCommand())
  .addCommand(trustCommand())
  .addCommand(validateCommand())
  .addCommand(checkCommand())
  .enablePositionalOptions()
  .showHelpAfterError("(`bramble --help` lists what there is)");

try {
  await program.parseAsync();
} catch (error) {
  // What the user can put right is told in a sentence; anything else is a bug and keeps its stack.
  if (error instanceof PipelineFaults) console.error(error.message);
  else console.error(error instanceof LabError ? `bramble: ${error.message}` : error);
  process.exit(1);
}
