import * as pulumi from "@pulumi/pulumi";

/** A resource as the program registers it with the engine. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: inputs differ by type
  readonly inputs: any;
  /** Names of the resources that it waits for. */
  readonly dependsOn: readonly string[];
  /** Name of the component that it is part of; undefined for the stack. */
  readonly parent: string | undefined;
}

interface Request {
  getDependenciesList(): string[];
  getParent(): string;
}

/** Runs a program without an engine: every host is a Pi with a 64-bit system. Gives what it registers, by name. */
export async function registered(program: () => void): Promise<Map<string, Registered>> {
  const seen = new Map<string, Registered>();
  const requests = new Map<string, Request>();
  pulumi.runtime.setMocks(
    {
      call: ({ token }) => {
        throw new Error(`${token}: nothing here should call it`);
      },
      newResource: ({ type, name, inputs }) => {
        seen.set(name, { type, name, inputs, dependsOn: [], parent: undefined });
        return { id: name, state: { ...inputs, ...(type === "bramble:host:Machine" ? { machine: "aarch64" } : {}) } };
      },
    },
    "bramble",
    "rpi",
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: Request & { getName(): string }, ...rest: unknown[]): unknown;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    requests.set(request.getName(), request);
    return register(request, ...rest);
  };
  program();
  await pulumi.runtime.disconnect();
  const last = (urn: string) => urn.split("::").at(-1);
  return new Map(
    [...seen].map(([name, resource]) => {
      const request = requests.get(name);
      const dependsOn = (request?.getDependenciesList() ?? []).map((urn) => last(urn) ?? "").sort();
      return [name, { ...resource, dependsOn, parent: last(request?.getParent() ?? "") || undefined }];
    }),
  );
}
