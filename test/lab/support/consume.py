"""Prints the values of a topic's records, one a line, as soon as each is there.

usage: consume.py BOOTSTRAP_SERVERS TOPIC read_committed|read_uncommitted COUNT

With a COUNT it waits for so many records, up to 30 s for the next; with 0 it takes what is committed by now.
"""
import sys
import time

from kafka import KafkaConsumer, TopicPartition

bootstrap_servers, topic, isolation_level, count = sys.argv[1:]
wanted = int(count)
consumer = KafkaConsumer(
    bootstrap_servers=bootstrap_servers.split(","),
    auto_offset_reset="earliest",
    isolation_level=isolation_level,
    consumer_timeout_ms=30000,
    **({"group_id": f"course-{time.time()}"} if wanted else {"enable_auto_commit": False}),
)
if wanted:
    consumer.subscribe([topic])
    for _, record in zip(range(wanted), consumer):
        print(record.value.decode("utf-8"), flush=True)
else:
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        sys.exit(f"{topic}: found no such topic")
    partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(partitions)
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for batch in consumer.poll(timeout_ms=200).values():
            for record in batch:
                print(record.value.decode("utf-8"))
