import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { NoBrokerError } from "../../../provisioning/kafka/unanswered.ts";
import { ClusterSession } from "../../../provisioning/provider/cluster-session.ts";
import type { Session } from "../../../provisioning/resources/resource-type.ts";
import { pin } from "../../../provisioning/ssh/known-hosts.ts";
import { type LoopbackHost, listen, startLoopbackHost, target } from "../loopback-host.ts";

jest.setTimeout(60_000);

let host: LoopbackHost;
let cluster: ClusterSession;
let session: Session;
const knownHosts = process.env.BRAMBLE_KNOWN_HOSTS;

beforeEach(async () => {
  host = await startLoopbackHost();
  process.env.BRAMBLE_KNOWN_HOSTS = join(host.folder, "known_hosts");
  writeFileSync(process.env.BRAMBLE_KNOWN_HOSTS, pin("", target.address, host.login.port, host.hostKeys));
  begin();
});
afterEach(async () => {
  await cluster.close();
  await host.stop();
  if (knownHosts === undefined) delete process.env.BRAMBLE_KNOWN_HOSTS;
  else process.env.BRAMBLE_KNOWN_HOSTS = knownHosts;
});

function begin(login = host.login, bootstrapServers: string[] = []): void {
  const hosts = { [target.host]: { address: target.address, id: 0 } };
  cluster = new ClusterSession({ login, hosts, bootstrapServers, zookeepers: [], controllers: [] });
  session = cluster.with(
    () => {},
    () => {},
  );
}

const say = async (text: string) => (await (await session.host(target)).observe([["echo", text]]))[0]?.stdout;

describe("a host", () => {
  test("is logged in to once, whoever asks and however many at a time", async () => {
    expect(await Promise.all(["a", "b", "c"].map(say))).toEqual(["a\n", "b\n", "c\n"]);
    expect(await say("d")).toBe("d\n");
    expect(host.logins).toBe(1);
  });

  test("is found where it is now, whatever address is recorded of it", async () => {
    const recorded = await session.host({ ...target, address: "10.42.0.9" });
    expect(recorded.target).toEqual(target);
    expect(await session.host(target)).toBe(recorded);
    expect(host.logins).toBe(1);
  });

  test("is logged in to again, once, when its connection broke", async () => {
    await say("before");
    host.cut();
    const lost = await session.host(target);
    await lost.observe([["true"]]).catch(() => {});
    expect(await Promise.all(["a", "b"].map(say))).toEqual(["a\n", "b\n"]);
    expect(host.logins).toBe(2);
  });

  test("that refuses the password is not tried again, and says so each time", async () => {
    begin({ ...host.login, password: "wrong" });
    for (let i = 0; i < 3; i++)
      await expect(session.host(target)).rejects.toThrow("refused with the configured password");
    expect(host.logins).toBe(1);
  });

  test("without a pinned key is not even called", async () => {
    writeFileSync(String(process.env.BRAMBLE_KNOWN_HOSTS), "");
    await expect(session.host(target)).rejects.toThrow(
      "rpi0 (127.0.0.1): no pinned host key. " +
        "Run `npx bramble trust rpi0`, so that no other machine can answer in its place.",
    );
    expect(host.logins).toBe(0);
  });

  test("that was let go can still be looked at: what was begun must be told", async () => {
    const running = (await session.host(target)).run({ does: "wait", argv: ["sleep", "60"] });
    const ended = expect(running).rejects.toThrow("the ssh connection was closed");
    await cluster.close();
    await ended;
    expect(await say("left")).toBe("left\n");
  });
});

describe("Kafka", () => {
  test("is asked for again when no broker answered: those that are being started answer later", async () => {
    const calls: string[] = [];
    const refusing = createServer((socket) => {
      calls.push("call");
      socket.destroy();
    });
    begin(host.login, [`127.0.0.1:${await listen(refusing)}`]);
    const together = await Promise.allSettled([session.topics(), session.topics()]);
    for (const one of together) expect(one).toMatchObject({ reason: expect.any(NoBrokerError) });
    const before = calls.length;
    expect(before).toBeGreaterThan(0);
    await expect(session.topics()).rejects.toThrow(/^Kafka: no broker answers at 127\.0\.0\.1:\d+\. See/);
    expect(calls.length).toBeGreaterThan(before);
    await new Promise((resolve) => refusing.close(resolve));
  });
});
