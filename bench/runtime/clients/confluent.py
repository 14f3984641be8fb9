"""One service with librdkafka's client for Python: BROKER GUARANTEE NAME OPERATOR INPUT OUTPUT"""

import sys

from confluent_kafka import Consumer, Producer, TopicPartition

from operators import operator

broker, guarantee, name, operator_name, topic_in, topic_out = sys.argv[1:7]
exactly_once = guarantee == "exactly_once"
step = operator(operator_name)
consumer = Consumer(
    {
        "bootstrap.servers": broker,
        "group.id": name,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
    }
)
consumer.subscribe([topic_in])
producer = Producer(
    {
        "bootstrap.servers": broker,
        "linger.ms": 0,
        "enable.idempotence": True,
        "queue.buffering.max.messages": 1000000,
        **({"transactional.id": name} if exactly_once else {}),
    }
)
if exactly_once:
    producer.init_transactions()
while True:
    records = consumer.consume(10000, 0.005)
    if not records:
        continue
    if exactly_once:
        producer.begin_transaction()
    offsets = {}
    for record in records:
        after = step(record.value().decode())
        if after is not None:
            producer.produce(topic_out, after, timestamp=record.timestamp()[1])
        offsets[record.partition()] = TopicPartition(topic_in, record.partition(), record.offset() + 1)
    if exactly_once:
        producer.send_offsets_to_transaction(list(offsets.values()), consumer.consumer_group_metadata())
        producer.commit_transaction()
    else:
        producer.flush()
        consumer.commit(offsets=list(offsets.values()), asynchronous=False)
