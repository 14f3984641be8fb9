#!/usr/bin/python3
"""slow-cables.py MS HOST...: frames take so many milliseconds more, each way, through the cables of these hosts. Runs on
the lab's network, says `ready`, and goes on until SIGTERM. The kernel's own tool for this, netem, is often not there.

Each cable is taken out of the switch and a TAP put in its place; frames are handed on between the two when their time
has come. Both carry a virtio_net_hdr before each frame, so that checksums and large segments, which the kernel leaves
to a network card, stay as they are (packet(7), PACKET_VNET_HDR; Linux, Documentation/networking/tuntap.rst).
"""
import collections, fcntl, os, select, signal, socket, struct, subprocess, sys, time

SWITCH = "switch0"
TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454CA, 0x0002, 0x1000, 0x4000
SOL_PACKET, PACKET_VNET_HDR = 263, 15
ETH_P_ALL = 3
LARGEST = 10 + 14 + 65536


def ip(*words):
    # A host that went off has no cable any more: nothing of it is left to put back.
    subprocess.run(["ip", "link", "set", *words], check=False, stderr=subprocess.DEVNULL)


class Cable:
    """A host's end of its cable, and the TAP that stands for it in the switch."""

    def __init__(self, host):
        self.host, slow = host, f"slow-{host}"
        self.tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.tap, TUNSETIFF, struct.pack("16sH22x", slow.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
        self.end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.end.bind((host, 0))
        self.end.setblocking(False)
        ip(host, "nomaster")
        ip(host, "promisc", "on")
        ip(slow, "master", SWITCH, "up")

    def put_back(self):
        ip(self.host, "promisc", "off")
        ip(self.host, "master", SWITCH)

    def from_host(self):
        frame, address = self.end.recvfrom(LARGEST)
        return None if address[2] == socket.PACKET_OUTGOING else lambda: os.write(self.tap, frame)

    def from_switch(self):
        frame = os.read(self.tap, LARGEST)
        return lambda: self.end.send(frame)


def relay(delay, cables):
    """Frames wait in the order in which they came, as all wait equally long."""
    readers = {cable.end.fileno(): cable.from_host for cable in cables}
    readers.update({cable.tap: cable.from_switch for cable in cables})
    poll = select.poll()
    for descriptor in readers:
        poll.register(descriptor, select.POLLIN)
    waiting = collections.deque()
    while True:
        while waiting and waiting[0][0] <= time.monotonic():
            attempt(waiting.popleft()[1])
        timeout = max(0, (waiting[0][0] - time.monotonic()) * 1000) if waiting else None
        for descriptor, _ in poll.poll(timeout):
            hand_on = attempt(readers[descriptor])
            if hand_on:
                waiting.append((time.monotonic() + delay, hand_on))


def attempt(work):
    try:
        return work()
    except OSError:
        return None  # A link that is down, or a queue that is full, loses frames on a real cable too.


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
cables = []
try:
    for host in sys.argv[2:]:
        cables.append(Cable(host))
    os.write(1, b"ready\n")
    relay(float(sys.argv[1]) / 1000, cables)
finally:
    for cable in cables:
        cable.put_back()
