/** What java.util.Properties reads from a file (its documentation, method load): ISO-8859-1, no continued lines here. */
export function parseProperties(file: string): Record<string, string> {
  const text = Buffer.from(file).toString("latin1");
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.replace(/^[ \t\f]+/, ""));
  return Object.fromEntries(
    lines
      .filter((line) => line !== "" && !/^[#!]/.test(line))
      .map((line) => {
        const [, key = "", value = ""] = /^((?:\\.|[^\\ \t\f:=])*)[ \t\f]*[:=]?[ \t\f]*(.*)$/s.exec(line) ?? [];
        return [unescaped(key), unescaped(value)];
      }),
  );
}

function unescaped(text: string): string {
  const named: Record<string, string> = { n: "\n", r: "\r", t: "\t", f: "\f" };
  return text.replace(/\\u([0-9a-f]{4})|\\(.)/g, (_, unit?: string, one = "") =>
    unit === undefined ? (named[one] ?? one) : String.fromCharCode(Number.parseInt(unit, 16)),
  );
}

/** A unit file's settings by section; one that is given twice holds both values (systemd.syntax(7)). */
export function parseUnit(file: string): Record<string, Record<string, string[]>> {
  const sections: Record<string, Record<string, string[]>> = {};
  let section: Record<string, string[]> = {};
  for (const line of file.split("\n")) {
    const header = /^\[(.+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      section = {};
      sections[header] = section;
    } else if (line !== "" && !/^[#;]/.test(line)) {
      const at = line.indexOf("=");
      if (at < 0) throw new Error(`no setting: ${line}`);
      section[line.slice(0, at)] = [...(section[line.slice(0, at)] ?? []), line.slice(at + 1)];
    }
  }
  return sections;
}
