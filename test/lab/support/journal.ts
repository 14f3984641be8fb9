import { onHost } from "./programs.ts";

/** What a service printed, line by line: its standard output, without systemd's lines and its own about its work. */
export async function printed(host: string, service: string): Promise<string[]> {
  const unit = `bramble-${service}.service`;
  // `short-unix` cannot tell output from errors apart; values are JSON, and nothing else that a unit says is.
  const text = await onHost(host, `sudo journalctl --no-pager --quiet --output=cat --unit=${unit}`);
  return text.split("\n").filter((line) => /^-?[\d"[{]/.test(line));
}
