import type { Session } from "../../provisioning/resources/resource-type.ts";
import type { Argv, Command, Result } from "../../provisioning/ssh/command.ts";

export const target = { host: "rpi0", address: "10.42.0.250" };

/** A session whose one host gives these answers, by command line; anything else that it is asked fails the test. */
export function strictHost(answers: Record<string, Partial<Result> | Error>) {
  const log: string[] = [];
  const answer = async (argv: Argv): Promise<Result> => {
    const line = argv.join(" ");
    const result = answers[line];
    if (result === undefined) throw new Error(`the host knows no answer to: ${line}`);
    if (result instanceof Error) throw result;
    return { exitCode: 0, stdout: "", stderr: "", ...result };
  };
  const host = {
    target,
    observe: (commands: readonly Argv[]) => {
      log.push(...commands.map((argv) => `observe ${argv.join(" ")}`));
      return Promise.all(commands.map(answer));
    },
    run: ({ argv }: Command) => {
      log.push(`run ${argv.join(" ")}`);
      return answer(argv);
    },
  };
  const session: Session = {
    host: async () => host,
    topics: () => Promise.reject(new Error("nothing here should ask for topics")),
    dynamicConfig: () => Promise.reject(new Error("nothing here should ask for settings")),
    async turn(group, { host: name }, work) {
      log.push(`${name} may leave ${group}`);
      await work();
      log.push(`${name} is back in ${group}`);
    },
    progress: (message) => log.push(`show ${message}`),
  };
  return { session, log };
}
