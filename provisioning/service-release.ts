import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { groupIdOf } from "../declaration/group-id.ts";
import type { Branch, Pipeline, Service, Step } from "../declaration/pipeline.ts";
import { bundleService } from "../runtime/bundle.ts";
import type { AppliedStep, ServiceSpec } from "../runtime/service-spec.ts";

/** What one operator service needs on its host: files by name, addressed by their content. */
export interface ServiceRelease {
  /** Changes when, and only when, a file of the release does. */
  readonly digest: string;
  /** SHA-256 of each file, by its name in the release. */
  readonly files: Readonly<Record<string, string>>;
  /** Path on this machine of each file. */
  readonly sources: Readonly<Record<string, string>>;
}

/** Bundles every service of a pipeline into `folder`. */
export async function buildReleases(
  pipeline: Pipeline,
  bootstrapServers: readonly string[],
  projectRoot: string,
  folder: string,
): Promise<ReadonlyMap<string, ServiceRelease>> {
  await mkdir(folder, { recursive: true });
  const built = pipeline.services.map(async (service) => {
    const release = await buildRelease(pipeline, service, bootstrapServers, projectRoot, folder);
    return [service.name, release] as const;
  });
  return new Map(await Promise.all(built));
}

async function buildRelease(
  pipeline: Pipeline,
  service: Service,
  bootstrapServers: readonly string[],
  projectRoot: string,
  folder: string,
): Promise<ServiceRelease> {
  const operatorModules = Object.fromEntries(stepsOf(service).map(({ operator, module }) => [operator, module]));
  const bundle = await bundleService({
    spec: serviceSpec(pipeline, service, bootstrapServers),
    operatorModules,
    projectRoot,
  });
  const bundlePath = join(folder, `${service.name}-${bundle.digest}.mjs`);
  // Put there whole: another `pulumi up` or preview may be reading the same bundle.
  const beside = `${bundlePath}.${process.pid}`;
  await writeFile(beside, bundle.code);
  await rename(beside, bundlePath);
  const sources: Record<string, string> = { "service.mjs": bundlePath };
  if (service.input.kind === "file") sources[basename(service.input.path)] = service.input.path;
  const sums = Object.entries(sources).map(async ([name, path]) => [name, sha256(await readFile(path))] as const);
  const files = Object.fromEntries(await Promise.all(sums));
  return { digest: sha256(JSON.stringify(files)).slice(0, 16), files, sources };
}

/** What the service is told about itself. Pure. */
export function serviceSpec(pipeline: Pipeline, service: Service, bootstrapServers: readonly string[]): ServiceSpec {
  const { input, output, maxAheadMs, processingGuarantee, changelogTopic, deadLetterTopic } = service;
  return {
    name: service.name,
    groupId: groupIdOf(pipeline.name, service.name),
    bootstrapServers,
    input: input.kind === "file" ? { ...input, path: basename(input.path) } : input,
    apply: service.apply.map(applied),
    output: output.kind === "branches" ? { ...output, branches: output.branches.map(branch) } : output,
    ...(maxAheadMs === undefined ? {} : { maxAheadMs }),
    ...(processingGuarantee === undefined ? {} : { processingGuarantee }),
    ...(changelogTopic === undefined ? {} : { changelogTopic }),
    ...(deadLetterTopic === undefined ? {} : { deadLetterTopic }),
  };
}

/** All operators of a service, the filters of its branches among them. */
export function stepsOf({ apply, output }: Service): Step[] {
  return [...apply, ...(output.kind === "branches" ? output.branches.flatMap(({ when }) => when ?? []) : [])];
}

function branch({ when, ...named }: Branch) {
  return when === undefined ? named : { ...named, when: applied(when) };
}

function applied({ operator, params, field }: Step): AppliedStep {
  return { operator, params, ...(field !== undefined && { field }) };
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
