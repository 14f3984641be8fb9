import { describe, expect, test } from "@jest/globals";
import { quote } from "../../../provisioning/ssh/command.ts";

describe("an argv as a line for a shell", () => {
  test.each([
    [["cat", "--", "/etc/a.conf"], "cat -- /etc/a.conf"],
    [["chown", "root:root", "--mode=0644", "a_b,c+d@e"], "chown root:root --mode=0644 a_b,c+d@e"],
    [["printf", "", "two words"], "printf '' 'two words'"],
    [["echo", "it's"], "echo 'it'\\''s'"],
    [["echo", "über", "~", "*"], "echo 'über' '~' '*'"],
  ])("%j is %s", (argv, line) => {
    expect(quote(argv)).toBe(line);
  });
});
