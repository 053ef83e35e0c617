"""A Modbus server by other hands, for tests/pymodbus.rs.

    pymodbus_server.py tcp [port]           listens there, or on a free port, and prints "ready <port>"
    pymodbus_server.py rtu-over-tcp [port]  the same with RTU frames
    pymodbus_server.py ascii-over-tcp [port]
                       …-over-tcp-lossy     the same, but the fifth reply of unit 1 is lost
    pymodbus_server.py tls <certificate> <key> <ca>   Modbus/TCP Security, which asks for a certificate as well
    pymodbus_server.py rtu <device>         serves a pseudo terminal and prints "ready"
    pymodbus_server.py ascii <device>

Unit 1 holds one of every type, laid out by pymodbus itself; unit 2 the same numbers with the words turned
round; unit 3 holds registers with one missing in the middle; unit 9 never answers.
"""

import asyncio
import ssl
import sys

from pymodbus import FramerType
from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.server import ModbusSerialServer, ModbusTcpServer, ModbusTlsServer
from pymodbus.simulator import DataType, SimData, SimDevice

NUMBERS = [
    (0, DataType.INT16, -1234),
    (1, DataType.UINT16, 65535),
    (2, DataType.INT32, -123456789),
    (4, DataType.UINT32, 4294967295),
    (6, DataType.INT64, -9007199254740993),
    (10, DataType.UINT64, 18446744073709551615),
    (14, DataType.FLOAT32, 21.7),
    (16, DataType.FLOAT64, 0.1),
    (20, DataType.FLOAT32, float("nan")),
]


def registers(address, values):
    return SimData(address, values=values, datatype=DataType.REGISTERS)


def numbers(word_order):
    data = []
    for address, kind, value in NUMBERS:
        as_client = getattr(ModbusClientMixin.DATATYPE, kind.name)
        words = ModbusClientMixin.convert_to_registers(value, as_client, word_order=word_order)
        data.append(registers(address, words))
    return data


def text(address, value):
    return SimData(address, values=value, datatype=DataType.STRING)


def bits(address, values):
    return SimData(address, values=values, datatype=DataType.BITS)


def devices():
    pattern = [index % 3 == 0 for index in range(64)]
    some = [registers(0, [0])]
    return [
        SimDevice(
            1,
            simdata=(
                [bits(0, pattern)],
                [bits(0, [not bit for bit in pattern])],
                numbers("big") + [text(40, "Pointcast 5560  "), registers(60, [0b1000_0000_0000_1000])],
                [registers(100, [235, 7])],
            ),
        ),
        SimDevice(2, simdata=([bits(0, pattern)], [bits(0, pattern)], numbers("little"), some)),
        SimDevice(
            3,
            simdata=(
                [bits(0, pattern)],
                [bits(0, pattern)],
                [registers(0, list(range(1000, 1030))), registers(31, list(range(1031, 1060)))],
                some,
            ),
        ),
    ]


FRAMERS = {"tcp": FramerType.SOCKET, "rtu": FramerType.RTU, "ascii": FramerType.ASCII}


def swallowing(framing, lost_reply=None):
    """Swallows what pymodbus would say for unit 9, which it does not have, and one reply of unit 1."""
    place = {"tcp": slice(6, 7), "rtu": slice(0, 1), "ascii": slice(1, 3)}[framing]
    replies = 0

    def trace(sending, packet):
        nonlocal replies
        unit = int(packet[place]) if framing == "ascii" else packet[place][0]
        replies += sending and unit == 1
        if sending and (unit == 9 or unit == 1 and replies == lost_reply):
            return b""
        return packet

    return trace


async def main():
    framing, _, over_tcp = sys.argv[1].partition("-")
    if framing == "tls":
        certificate, key, ca = sys.argv[2:]
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(certificate, key)
        server = ModbusTlsServer(
            devices(),
            address=("127.0.0.1", 0),
            sslctx=context,
            trace_packet=swallowing("tcp"),
        )
        await server.serve_forever(background=True)
        print("ready", server.transport.sockets[0].getsockname()[1], flush=True)
    elif over_tcp or framing == "tcp":
        port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
        server = ModbusTcpServer(
            devices(),
            framer=FRAMERS[framing],
            address=("127.0.0.1", port),
            # After a lost reply on a line, function 07 has to show that it is not held up.
            trace_packet=swallowing(framing, lost_reply=5 if "lossy" in over_tcp else None),
        )
        await server.serve_forever(background=True)
        print("ready", server.transport.sockets[0].getsockname()[1], flush=True)
    else:
        server = ModbusSerialServer(
            devices(),
            framer=FRAMERS[framing],
            port=sys.argv[2],
            # A pseudo terminal has no parity, and pyserial insists on what it sets.
            baudrate=115200,
            parity="N",
            trace_packet=swallowing(framing),
        )
        await server.serve_forever(background=True)
        print("ready", flush=True)
    # The test closes our input when it is over, however it ends.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
