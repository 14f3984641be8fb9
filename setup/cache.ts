import { homedir } from "node:os";
import { join } from "node:path";

/** Where set-up keeps tools and archives: one folder a user, shared by all clones, keyed by version inside. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.BRAMBLE_CACHE || join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "bramble");
}
