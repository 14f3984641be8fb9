import { writeFile } from "node:fs/promises";
import { pipelineJsonSchema } from "./json-schema.ts";
import { builtInOperators } from "./operator-catalogue.ts";

// Run after a change to the shape or to an operator's parameters:
// node declaration/write-schema.ts && npx biome format --write declaration/pipeline.schema.json
const file = new URL("pipeline.schema.json", import.meta.url);
await writeFile(file, `${JSON.stringify(pipelineJsonSchema(await builtInOperators()), null, 2)}\n`);
