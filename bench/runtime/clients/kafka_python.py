"""One service with the course's client: BROKER GUARANTEE NAME OPERATOR INPUT OUTPUT"""

import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from operators import operator

broker, guarantee, name, operator_name, topic_in, topic_out = sys.argv[1:7]
exactly_once = guarantee == "exactly_once"
step = operator(operator_name)
consumer = KafkaConsumer(
    topic_in,
    bootstrap_servers=broker,
    group_id=name,
    auto_offset_reset="earliest",
    enable_auto_commit=False,
    isolation_level="read_committed",
)
producer = KafkaProducer(
    bootstrap_servers=broker, linger_ms=0, acks="all", **({"transactional_id": name} if exactly_once else {})
)
if exactly_once:
    producer.init_transactions()
while True:
    batches = consumer.poll(500, max_records=5000)
    if not batches:
        continue
    if exactly_once:
        producer.begin_transaction()
    offsets = {}
    for place, records in batches.items():
        for record in records:
            after = step(record.value.decode())
            if after is not None:
                producer.send(topic_out, after.encode(), timestamp_ms=record.timestamp)
        offsets[TopicPartition(place.topic, place.partition)] = OffsetAndMetadata(records[-1].offset + 1, "", -1)
    if exactly_once:
        producer.send_offsets_to_transaction(offsets, consumer.group_metadata())
        producer.commit_transaction()
    else:
        producer.flush()
        consumer.commit(offsets)
