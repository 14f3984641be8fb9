import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { CompilerOptions, Diagnostic } from "typescript";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PACKAGES = join(ROOT, "node_modules");

/** What TypeScript has against a file. */
export interface TypeDiagnostic {
  /** Absolute path. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly col: number;
  /** TypeScript's own words and number. */
  readonly message: string;
}

/**
 * Checks the types of the user's operators, and of the neighbours that they import, as strictly as the project's own. They
 * can lie anywhere: "bramble/operator" and packages are the project's. The compiler is loaded only for this.
 */
export async function typeDiagnostics(modules: readonly string[]): Promise<TypeDiagnostic[]> {
  if (modules.length === 0) return [];
  const { default: ts } = await import("typescript");
  const file = join(ROOT, "tsconfig.json");
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, ROOT);
  // As esbuild sees a module: whatever package.json is near it, it is an ES module.
  const bundled = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
  const program = ts.createProgram({ rootNames: modules, options: { ...options, ...bundled, ...lookup } });
  const isOurs = (path: string) => path.startsWith(join(ROOT, "operators") + sep);
  return program
    .getSourceFiles()
    .filter((source) => !source.isDeclarationFile && !isOurs(source.fileName))
    .flatMap((source) => [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)])
    .map((diagnostic) => diagnosticOf(diagnostic, ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")));
}

const lookup: CompilerOptions = {
  typeRoots: [join(PACKAGES, "@types")],
  paths: { "bramble/operator": [join(ROOT, "operators/operator.ts")], "*": [join(PACKAGES, "*")] },
};

function diagnosticOf({ file, start = 0, code }: Diagnostic, text: string): TypeDiagnostic {
  const { line, character } = file?.getLineAndCharacterOfPosition(start) ?? { line: 0, character: 0 };
  const message = `${text.replaceAll(/\s*\n\s*/g, " ")} (TS${code})`;
  return { file: file?.fileName ?? "", line: line + 1, col: character + 1, message };
}
