/** "a, b and c". */
export function and(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** "1 record", "1,234 records". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** Decimal, as disks are sold. */
export function size(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const shown = bytes / 1000 ** power;
  return `${power === 0 || shown >= 10 ? Math.round(shown) : shown.toFixed(1)} ${units[power]}`;
}

/** "above: 55 (was 50)": a value as YAML would show it, and the one before. */
export function now(key: string, value: unknown, before: unknown, separator = ": "): string {
  if (value === undefined) return `no ${key} (was ${plain(before)})`;
  return `${key}${separator}${plain(value)}${before === undefined ? "" : ` (was ${plain(before)})`}`;
}

export function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(", ")}]`;
  if (typeof value !== "object" || value === null) return typeof value === "string" ? value : JSON.stringify(value);
  const entries = Object.entries(value).map(([key, each]) => `${key}: ${plain(each)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** How two mappings differ, key by key. */
export function differences(
  after: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
  separator?: string,
): string[] {
  const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return keys
    .filter((key) => JSON.stringify(after[key]) !== JSON.stringify(before[key]))
    .map((key) => now(key, after[key], before[key], separator));
}

/** The `KEY=value` lines of a unit or properties file; a key that comes again is counted. */
export function settingsOf(content: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const line of content.split("\n")) {
    const [, key = "", value = ""] = /^([^#;[=\s][^=]*)=(.*)$/.exec(line) ?? [];
    if (key === "") continue;
    let name = key;
    for (let n = 2; name in settings; n++) name = `${key} ${n}`;
    settings[name] = value.replaceAll("\\", "");
  }
  return settings;
}
