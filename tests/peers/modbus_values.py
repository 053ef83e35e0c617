"""A Modbus device by other hands, for tests/profiles.rs: values at addresses, laid out by pymodbus itself.

    modbus_values.py <unit>:<table>:<address>:<type>:<value> …     prints "ready <port>"

The table is holding or input, the type one of pymodbus' own (FLOAT32, INT16, INT64, UINT32, …) or STRING. Every
register between the first and the last of a table is there; those without a value hold 0xFFFF.
"""

import asyncio
import sys

from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

EMPTY = 0xFFFF


def words(kind, text):
    kind = ModbusClientMixin.DATATYPE[kind]
    if kind is not ModbusClientMixin.DATATYPE.STRING:
        text = float(text) if kind.name.startswith("FLOAT") else int(text)
    return ModbusClientMixin.convert_to_registers(text, kind, word_order="big")


def table(values):
    memory = dict(values) or {0: EMPTY}
    first, last = min(memory), max(memory)
    filled = [memory.get(address, EMPTY) for address in range(first, last + 1)]
    return [SimData(first, values=filled, datatype=DataType.REGISTERS)]


def devices(arguments):
    units = {}
    for argument in arguments:
        unit, name, address, kind, text = argument.split(":", 4)
        tables = units.setdefault(int(unit), {"holding": {}, "input": {}})
        for offset, word in enumerate(words(kind, text)):
            tables[name][int(address) + offset] = word
    bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    return [
        SimDevice(unit, simdata=(bits, bits, table(tables["holding"]), table(tables["input"])))
        for unit, tables in units.items()
    ]


async def main():
    server = ModbusTcpServer(devices(sys.argv[1:]), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    print("ready", server.transport.sockets[0].getsockname()[1], flush=True)
    # The test closes our input when it is over, however it ends.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
