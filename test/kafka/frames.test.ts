import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Frames } from "../../kafka/frames.ts";

function framed(message: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(message.length);
  return Buffer.concat([size, message]);
}

describe("messages of a broker", () => {
  test("come whole, however the stream is cut, and though what it is cut into is used again", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 50 }),
        (messages, cuts) => {
          const stream = Buffer.concat(messages.map(framed));
          const found: Buffer[] = [];
          const frames = new Frames((frame) => found.push(frame));
          const reused = Buffer.alloc(400);
          for (let at = 0, i = 0; at < stream.length; i++) {
            const count = stream.copy(reused, 0, at, at + (cuts[i % cuts.length] as number));
            frames.push(reused.subarray(0, count));
            reused.fill(0xff);
            at += count;
          }
          expect(found).toEqual(messages.map(framed));
        },
      ),
    );
  });

  test("are of no other size than a broker's: what else answers there is told apart by its first bytes", () => {
    const frames = new Frames(() => {});
    expect(() => frames.push(Buffer.from("HTTP/1.1 400 Bad Request"))).toThrow(
      /received a message of 1213486160 bytes/,
    );
    expect(() => new Frames(() => {}).push(Buffer.from([4, 0, 0, 1]))).toThrow(/expected at most 67108864;/);
    expect(() => new Frames(() => {}).push(Buffer.from([0xff, 0xff, 0xff, 0xff]))).toThrow(
      /received a message of -1 bytes/,
    );
  });
});
