"""Reads topics whole, committed records only, with a client that is not the one under test.

usage: topic-reader.py BOOTSTRAP_SERVER; then one line of topic names at a time on standard input, separated by spaces.
Each is answered by one line of JSON: the records of each topic, in order of partition and offset.
"""
import json
import sys

from kafka import KafkaConsumer, TopicPartition


def text(data):
    return None if data is None else data.decode("utf-8", "backslashreplace")


def records(consumer, topic):
    partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or [])]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(partitions)  # for a read-committed consumer: the last stable offsets
    found = []
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for partition, batch in consumer.poll(timeout_ms=200).items():
            found += [
                {
                    "partition": partition.partition,
                    "offset": record.offset,
                    "timestamp": record.timestamp,
                    "key": text(record.key),
                    "value": text(record.value),
                    "headers": {name: text(value) for name, value in record.headers},
                }
                for record in batch
            ]
    return sorted(found, key=lambda record: (record["partition"], record["offset"]))


consumer = KafkaConsumer(
    bootstrap_servers=sys.argv[1],
    isolation_level="read_committed",
    enable_auto_commit=False,
)
for line in sys.stdin:
    print(json.dumps({topic: records(consumer, topic) for topic in line.split()}), flush=True)
