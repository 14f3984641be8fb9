"""Prints the first values of a topic, one a line, as soon as each is there; waits up to 30 s for the next.

usage: consume.py BOOTSTRAP_SERVERS TOPIC COUNT
"""
import sys
import time

from kafka import KafkaConsumer

bootstrap_servers, topic, count = sys.argv[1:]
consumer = KafkaConsumer(
    topic,
    bootstrap_servers=bootstrap_servers.split(","),
    group_id=f"course-{time.time()}",
    auto_offset_reset="earliest",
    consumer_timeout_ms=30000,
)
for _, record in zip(range(int(count)), consumer):
    print(record.value.decode("utf-8"), flush=True)
