"""Feeds and watches the services that are measured, with a client that is none of theirs (librdkafka): one job a run.

fill BROKER TOPIC PARTITIONS RECORDS KIND     writes the input
watch BROKER ISOLATION RECORDS PIDS TOPIC...  waits until each topic has so many; throughput, CPU and memory meanwhile
check BROKER TOPIC                            counts and adds up what is committed
arrival BROKER TOPIC                          says that it waits, then when the next committed record came, in ms since 1970
latency BROKER IN OUT RATE SECONDS            sends so many records a second, and tells how long each was on its way
"""

import json
import os
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition

TICKS = os.sysconf("SC_CLK_TCK")
# The first tenth is left out: processes start, join their groups, and the JVM compiles.
WARM_UP = 0.1


def consumer(broker, isolation="read_committed", **settings):
    return Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": "probe",
            "isolation.level": isolation,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            **settings,
        }
    )


def partitions(client, topic):
    return [TopicPartition(topic, p) for p in client.list_topics(topic, 10).topics[topic].partitions]


def celsius(i):
    """Six bytes: 10.000 to 39.999 in an order without runs."""
    return f"{10 + (i * 7919) % 30000 / 1000:.3f}"


def value(kind, i):
    if kind == "number":
        return celsius(i)
    station = {"station": f"station-{i % 100}", "celsius": float(celsius(i)), "position": {"lat": 47.5, "lon": 8.7}}
    return json.dumps({**station, "note": "x" * 900}, separators=(",", ":"))


def fill(broker, topic, partition_count, records, kind):
    producer = Producer({"bootstrap.servers": broker, "linger.ms": 50, "queue.buffering.max.messages": 1000000})
    for i in range(int(records)):
        while True:
            try:
                producer.produce(topic, value(kind, i), partition=i % int(partition_count))
                break
            except BufferError:
                producer.poll(0.1)
        if i % 1000 == 0:
            producer.poll(0)
    producer.flush()


def usage(pids):
    """CPU seconds and resident megabytes of the processes."""
    seconds = megabytes = 0.0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        seconds += (int(fields[11]) + int(fields[12])) / TICKS
        megabytes += int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return seconds, megabytes


def watch(broker, isolation, records, pids, *topics):
    client = consumer(broker, isolation)
    pids = [int(pid) for pid in pids.split(",")]
    wanted = int(records)
    places = [place for topic in topics for place in partitions(client, topic)]
    start = None
    peak = 0.0
    while True:
        done = {topic: 0 for topic in topics}
        for place in places:
            done[place.topic] += client.get_watermark_offsets(place, 10)[1]
        now = time.monotonic()
        seconds, megabytes = usage(pids)
        peak = max(peak, megabytes)
        least = min(done.values())
        if start is None and least >= WARM_UP * wanted:
            start = (now, seconds, least)
        if least >= wanted:
            break
        time.sleep(0.01)
    passed = least - start[2]
    return {
        "recordsPerSecond": passed / (now - start[0]),
        "cpuSecondsPerMillion": (seconds - start[1]) / passed * 1e6,
        "rssMb": peak / len(pids),
    }


def check(broker, topic):
    client = consumer(broker)
    places = partitions(client, topic)
    client.assign([TopicPartition(topic, place.partition, 0) for place in places])
    count, total, open_ends = 0, 0.0, len(places)
    while open_ends:
        for message in client.consume(10000, 1):
            if message.error():
                open_ends -= 1
                continue
            read = json.loads(message.value())
            count += 1
            total += read if isinstance(read, (int, float)) else read["celsius"]
    return {"count": count, "sum": round(total, 3)}


def arrival(broker, topic):
    client = consumer(broker, **{"fetch.wait.max.ms": 20, "fetch.min.bytes": 1, "fetch.error.backoff.ms": 5})
    places = partitions(client, topic)
    client.assign([TopicPartition(topic, p.partition, client.get_watermark_offsets(p, 10)[1]) for p in places])
    client.poll(0.1)
    print("waiting", flush=True)
    while True:
        message = client.poll(1)
        if message is not None and not message.error():
            return {"arrivedMs": time.time() * 1000}


def latency(broker, topic_in, topic_out, rate, seconds):
    rate, seconds = int(rate), float(seconds)
    out = consumer(broker, **{"fetch.wait.max.ms": 100, "fetch.min.bytes": 1})
    out.assign([TopicPartition(topic_out, place.partition, -1) for place in partitions(out, topic_out)])
    out.poll(1)
    # Kafka's default since 4.0 (KIP-1030). Without it each record is a request of its own, and on a busy machine the broker
    # is behind with those of this probe: seconds of delay before a service can see a record.
    producer = Producer({"bootstrap.servers": broker, "linger.ms": 5})
    # Processes start and join their groups in their own time.
    deadline = time.time() + 120
    while time.time() < deadline:
        producer.produce(topic_in, celsius(1), partition=0)
        producer.poll(0)
        message = out.poll(0.2)
        if message is not None and not message.error():
            break
    began = time.time()
    sent, times = 0, []
    total = int(rate * seconds)
    # What the services do at first, and what comes last, is not the usual.
    first, last = began + 2, began + seconds - 0.5
    while time.time() < began + seconds + 3:
        due = min(total, int((time.time() - began) * rate))
        while sent < due:
            # All pass the threshold; the record's own time tells when it set out, through all services.
            producer.produce(topic_in, celsius(sent), partition=0, timestamp=int(time.time() * 1000))
            sent += 1
        producer.poll(0)
        for message in out.consume(500, 0.001):
            if not message.error():
                set_out = message.timestamp()[1] / 1000
                if first <= set_out <= last:
                    times.append(time.time() - set_out)
        if len(times) >= total - 1:
            break
    if not times:
        raise SystemExit(f"{topic_out}: nothing came out")
    times.sort()
    at = lambda share: round(1000 * times[min(len(times) - 1, int(share * len(times)))], 1)
    return {"count": len(times), "p50Ms": at(0.5), "p99Ms": at(0.99), "maxMs": at(1)}


job, *arguments = sys.argv[1:]
print(json.dumps({"fill": fill, "watch": watch, "check": check, "arrival": arrival, "latency": latency}[job](*arguments)))
