import type { ProtocolCall } from "kafkajs/src/cluster/index.js";
import Decoder from "kafkajs/src/protocol/decoder.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import { createErrorFromCode, failure } from "kafkajs/src/protocol/error.js";

/** A topic that is deleted and made anew has another id (KIP-516). kafkajs stops at Metadata v6, which has none; this is v10. */
export function topicIdOf(topic: string): ProtocolCall<string> {
  return {
    request: {
      apiKey: 3,
      apiVersion: 10,
      apiName: "Metadata",
      encode: async () =>
        new Encoder()
          .writeUVarIntBytes() // tagged fields of the header
          .writeUVarIntArray([writeId(new Encoder()).writeUVarIntString(topic).writeUVarIntBytes()])
          .writeBoolean(false) // no automatic creation
          .writeBoolean(false) // no authorized operations of the cluster
          .writeBoolean(false) // nor of the topic
          .writeUVarIntBytes(),
    },
    response: {
      decode: async (payload) => {
        const decoder = new Decoder(payload);
        decoder.readTaggedFields();
        decoder.readInt32(); // throttle time
        decoder.readUVarIntArray(skipBroker);
        decoder.readUVarIntString(); // cluster id
        decoder.readInt32(); // controller
        const [found] = decoder.readUVarIntArray(readTopic);
        if (!found) throw new Error(`${topic}: the broker's answer lacks this topic`);
        if (failure(found.errorCode)) throw createErrorFromCode(found.errorCode);
        return found.id;
      },
      parse: async (id) => id,
    },
  };
}

/** It is asked for by name: an id of zeros stands for none. */
function writeId(encoder: Encoder): Encoder {
  return encoder.writeInt32(0).writeInt32(0).writeInt32(0).writeInt32(0);
}

function skipBroker(decoder: Decoder): void {
  decoder.readInt32(); // node id
  decoder.readUVarIntString(); // host
  decoder.readInt32(); // port
  decoder.readUVarIntString(); // rack
  decoder.readTaggedFields();
}

function readTopic(decoder: Decoder): { errorCode: number; id: string } {
  const errorCode = decoder.readInt16();
  decoder.readUVarIntString(); // name
  const words = [decoder.readInt32(), decoder.readInt32(), decoder.readInt32(), decoder.readInt32()];
  decoder.readBoolean(); // internal
  decoder.readUVarIntArray(skipPartition);
  decoder.readInt32(); // authorized operations
  decoder.readTaggedFields();
  return { errorCode, id: words.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("") };
}

function skipPartition(decoder: Decoder): void {
  decoder.readInt16(); // error code
  decoder.readInt32(); // partition
  decoder.readInt32(); // leader
  decoder.readInt32(); // leader epoch
  for (let list = 0; list < 3; list++) decoder.readUVarIntArray((each) => each.readInt32()); // replicas, in sync, offline
  decoder.readTaggedFields();
}
