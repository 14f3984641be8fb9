import { homedir } from "node:os";
import { join } from "node:path";

/** The folder of what is fetched and built once for every clone; BRAMBLE_CACHE chooses another. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { BRAMBLE_CACHE, XDG_CACHE_HOME } = environment;
  return BRAMBLE_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "bramble");
}
