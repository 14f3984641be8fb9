import { readdirSync, statSync } from "node:fs";
import { basename, join, posix } from "node:path";
import type ssh2 from "ssh2";
import type { SFTPWrapper } from "ssh2";
import { type ConnectionArgs, dial } from "./connection.ts";
import type { ResourceLog } from "./engine-log.ts";
import type { Asset } from "./property-values.ts";

/** The inputs of a `command:remote:CopyToRemote` that a copy needs, revealed. */
export interface CopyArgs {
  readonly connection: ConnectionArgs;
  readonly source: Asset;
  readonly remotePath: string;
}

/**
 * Copies over SFTP, as the login user. Where it goes depends on what is there (`x/` a folder with a trailing slash):
 *
 *   source  to a folder        to nothing    to a file
 *   dir     dest/dir           dest/dir      error
 *   dir/    dest/* of dir/*    dest          error
 *   file    dest/file          dest          dest, overwritten
 *   text    error              dest          dest, overwritten
 */
export async function copyToRemote({ connection, source, remotePath }: CopyArgs, log: ResourceLog): Promise<void> {
  const client = await dial(connection, log.status);
  try {
    const remote = await openSftp(client);
    await makeFolder(remote, posix.dirname(remotePath));
    if (source.text !== undefined) await copyText(remote, source.text, remotePath);
    else await copyPath(remote, source.path ?? "", remotePath);
  } finally {
    client.end();
  }
}

async function copyText(remote: SFTPWrapper, text: string, remotePath: string): Promise<void> {
  if ((await kindOf(remote, remotePath)) === "folder") {
    throw new Error(
      `remote path ${remotePath} is a directory; when using a text asset, remotePath must be a file path`,
    );
  }
  await call((done) => remote.writeFile(remotePath, text, done), `failed to write remote file ${remotePath}`);
}

async function copyPath(remote: SFTPWrapper, source: string, remotePath: string): Promise<void> {
  const there = await kindOf(remote, remotePath);
  if (!statSync(source).isDirectory()) {
    return copyFile(remote, source, there === "folder" ? posix.join(remotePath, basename(source)) : remotePath);
  }
  await makeFolder(remote, remotePath);
  return copyFolder(remote, source, source.endsWith("/") ? remotePath : posix.join(remotePath, basename(source)));
}

async function copyFolder(remote: SFTPWrapper, source: string, remotePath: string): Promise<void> {
  await makeFolder(remote, remotePath);
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), posix.join(remotePath, entry.name)];
    await (statSync(from).isDirectory() ? copyFolder(remote, from, to) : copyFile(remote, from, to));
  }
}

function copyFile(remote: SFTPWrapper, source: string, remotePath: string): Promise<void> {
  return call(
    (done) => remote.fastPut(source, remotePath, done),
    `failed to copy file ${source} to remote path ${remotePath}`,
  );
}

/** Makes the folder and those above it where they are missing. */
async function makeFolder(remote: SFTPWrapper, path: string): Promise<void> {
  const there = await kindOf(remote, path);
  if (there === "folder") return;
  if (there === "file") throw new Error(`remote path ${path} exists but is not a directory`);
  await makeFolder(remote, posix.dirname(path));
  await call((done) => remote.mkdir(path, done), `failed to create remote directory ${path}`);
}

function kindOf(remote: SFTPWrapper, path: string): Promise<"folder" | "file" | undefined> {
  const noSuchFile = 2; // SSH_FX_NO_SUCH_FILE
  return new Promise((resolve, reject) => {
    remote.stat(path, (error, stats) => {
      if (!error) return resolve(stats.isDirectory() ? "folder" : "file");
      if ((error as { code?: unknown }).code === noSuchFile) return resolve(undefined);
      reject(new Error(`failed to stat remote path ${path}: ${error.message}`, { cause: error }));
    });
  });
}

function openSftp(client: ssh2.Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp)));
  });
}

function call(start: (done: (error?: Error | null) => void) => void, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(new Error(`${what}: ${error.message}`, { cause: error })) : resolve()));
  });
}
