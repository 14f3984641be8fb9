"""Writes JSON values, one a line on standard input, to a topic as UTF-8, and waits until the brokers have them all.

usage: produce.py BOOTSTRAP_SERVERS TOPIC
"""
import json
import sys

from kafka import KafkaProducer

bootstrap_servers, topic = sys.argv[1:]
producer = KafkaProducer(
    bootstrap_servers=bootstrap_servers.split(","),
    value_serializer=lambda value: json.dumps(value).encode("utf-8"),
    acks="all",
)
for result in [producer.send(topic, json.loads(line)) for line in sys.stdin]:
    result.get(timeout=30)
