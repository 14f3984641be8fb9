import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { completePipeline } from "./complete.ts";
import { type Diagnostic, PipelineError, shown } from "./diagnostic.ts";
import { parsePipelineDocument } from "./document.ts";
import { draftOf } from "./draft.ts";
import { SERVICE_NAME } from "./names.ts";
import { openCatalogue } from "./operator-catalogue.ts";
import { typeDiagnostics } from "./operator-types.ts";
import type { Pipeline } from "./pipeline.ts";
import { branchFindings } from "./rules/branches.ts";
import { hostFindings } from "./rules/hosts.ts";
import { keyFindings } from "./rules/keys.ts";
import { chainsOf } from "./rules/operators.ts";
import { serviceFindings } from "./rules/services.ts";
import { sourceFindings } from "./rules/sources.ts";
import { topicFindings } from "./rules/topics.ts";
import { pipelineShape } from "./shape.ts";
import { shapeFindings } from "./shape-findings.ts";
import { didYouMean } from "./suggest.ts";

/**
 * Reads and checks a pipeline file, and fills in every default. Throws PipelineError with all that is wrong with it;
 * only a text that is not YAML hides the faults of what it says. Types of the user's operators are checked when asked for,
 * as TypeScript takes seconds.
 */
export async function loadPipeline(file: string, { checkTypes = false } = {}): Promise<Pipeline> {
  const path = resolve(file);
  const folder = dirname(path);
  const name = basename(path, extname(path));

  const text = await readPipelineFile(file);
  const { document, diagnostics } = parsePipelineDocument(file, text);
  if (document === undefined) throw new PipelineError(diagnostics);
  const { data } = document;
  if (data === null) {
    const expected = "expected cluster, topics and services; pipelines/reference.yaml shows every key";
    throw new PipelineError([{ file, path: "", message: `the file is empty; ${expected}` }]);
  }

  const draft = draftOf(data);
  const catalogue = await openCatalogue(folder);
  const { chains, findings: chainFindings } = await chainsOf(draft, catalogue);
  const findings = [
    ...shapeFindings(pipelineShape, data),
    ...hostFindings(draft),
    ...topicFindings(draft, name),
    ...serviceFindings(draft),
    ...branchFindings(draft),
    ...keyFindings(draft, chains),
    ...(await sourceFindings(draft, folder)),
    ...chainFindings,
  ];
  const all = [
    ...nameDiagnostics(name, file),
    ...diagnostics,
    ...findings.map((finding) => document.locate(finding)),
    ...(checkTypes ? await operatorDiagnostics(catalogue.loaded(), file) : []),
  ];
  if (all.length > 0) throw new PipelineError(all);
  return completePipeline({ name, file: path, folder, shape: pipelineShape.parse(data), document, chains });
}

async function readPipelineFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const beside = code === "ENOENT" ? await readdir(dirname(file)).catch(() => []) : [];
    const message =
      code === "ENOENT"
        ? `no such file${didYouMean(basename(file), beside)}`
        : `expected a pipeline file, found something that cannot be read (${code})`;
    throw new PipelineError([{ file, path: "", message }]);
  }
}

/** Named by the way to them from where the pipeline file is named from. */
async function operatorDiagnostics(modules: readonly string[], pipeline: string): Promise<Diagnostic[]> {
  const diagnostics = await typeDiagnostics(modules);
  return diagnostics.map(({ file, ...mistake }) => {
    return { file: join(dirname(pipeline), relative(dirname(resolve(pipeline)), file)), ...mistake, path: "" };
  });
}

function nameDiagnostics(name: string, file: string): Diagnostic[] {
  if (SERVICE_NAME.test(name)) return [];
  const rule =
    'it needs a letter, then letters, digits, "_" and "-", at most 63 characters, as group ids and topics carry it';
  return [{ file, path: "", message: `${shown(name)} is not a valid pipeline name: ${rule}. Rename the file` }];
}
