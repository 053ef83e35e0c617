/* A Modbus server by other hands, for tests/libmodbus.rs: libmodbus answers, from a mapping of its own.
 *
 *     libmodbus_server tcp [port]     listens there, or on a free port, and prints "ready <port>"
 *     libmodbus_server rtu <device>   serves unit 17 on a pseudo terminal and prints "ready"
 *
 * Coils and discrete inputs 0 to 63, holding registers 0 to 299, input registers 100 to 109; what lies beyond is
 * refused by libmodbus (exception 02). Reads of holding register 250 fail (exception 04); of 260 they are refused
 * as busy (exception 06) once. It ends with its standard input.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UNIT = 17, BITS = 64, REGISTERS = 300, INPUTS_FROM = 100, INPUTS = 10, FAILS_AT = 250, BUSY_AT = 260 };

/* Functions that read holding registers. */
enum { READ_HOLDING = 3, READ_AND_WRITE = 23 };

/* Exceptions beyond what libmodbus answers by itself. */
enum { DEVICE_FAILURE = 4, BUSY = 6 };

static void fail(const char *what)
{
    fprintf(stderr, "failed to %s: %s\n", what, modbus_strerror(errno));
    exit(1);
}

static modbus_mapping_t *mapping(void)
{
    modbus_mapping_t *all =
        modbus_mapping_new_start_address(0, BITS, 0, BITS, 0, REGISTERS, INPUTS_FROM, INPUTS);
    if (all == NULL)
        fail("make the mapping");
    for (int at = 0; at < BITS; at++) {
        all->tab_bits[at] = at % 3 == 0;
        all->tab_input_bits[at] = at % 3 != 0;
    }
    all->tab_registers[0] = (uint16_t)-1234;
    all->tab_registers[1] = 65535;
    /* 21.7 in single precision is 41 AD 99 9A: ABCD, BADC, CDAB, DCBA. Written out, as libmodbus' own functions for
     * these orders lay them out differently from one version to the next. */
    static const uint16_t orders[] = {0x41AD, 0x999A, 0xAD41, 0x9A99, 0x999A, 0x41AD, 0x9A99, 0xAD41};
    memcpy(all->tab_registers + 10, orders, sizeof orders);
    all->tab_registers[60] = 0x8008;
    all->tab_registers[BUSY_AT] = 4711;
    all->tab_registers[REGISTERS - 1] = 299;
    all->tab_input_registers[0] = 235;
    return all;
}

/* Whether a request reads a holding register. */
static int reads(const uint8_t *pdu, int at)
{
    int first = pdu[1] << 8 | pdu[2], count = pdu[3] << 8 | pdu[4];
    return (pdu[0] == READ_HOLDING || pdu[0] == READ_AND_WRITE) && first <= at && at < first + count;
}

/* Answers one request; whether the connection is still good. */
static int serve(modbus_t *server, modbus_mapping_t *all)
{
    static int was_busy = 0;
    uint8_t request[MODBUS_MAX_ADU_LENGTH];
    int length = modbus_receive(server, request);
    if (length == 0)
        return 1; /* for another unit */
    if (length < 0)
        return errno == EMBBADCRC || errno == ETIMEDOUT;
    const uint8_t *pdu = request + modbus_get_header_length(server);
    if (reads(pdu, FAILS_AT))
        return modbus_reply_exception(server, request, DEVICE_FAILURE) >= 0;
    if (reads(pdu, BUSY_AT) && !was_busy) {
        was_busy = 1;
        return modbus_reply_exception(server, request, BUSY) >= 0;
    }
    return modbus_reply(server, request, length, all) >= 0;
}

/* Waits until `first` or `second` has something; ends with standard input. */
static int ready(int first, int second)
{
    struct pollfd wanted[] = {{0, POLLIN, 0}, {first, POLLIN, 0}, {second, POLLIN, 0}};
    if (poll(wanted, 3, -1) < 0)
        fail("wait");
    if (wanted[0].revents)
        exit(0);
    return wanted[1].revents ? first : second;
}

static void serve_tcp(int port, modbus_mapping_t *all)
{
    modbus_t *server = modbus_new_tcp("127.0.0.1", port);
    int listener = server == NULL ? -1 : modbus_tcp_listen(server, 1);
    if (listener < 0)
        fail("listen");
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    if (getsockname(listener, (struct sockaddr *)&own, &size) < 0)
        fail("tell the port");
    printf("ready %d\n", ntohs(own.sin_port));
    fflush(stdout);
    /* One master at a time; a newer one takes the place of an older. */
    int master = -1;
    for (;;) {
        if (ready(listener, master) == listener) {
            if (master >= 0)
                close(master);
            int accepting = listener;
            master = modbus_tcp_accept(server, &accepting);
        } else if (!serve(server, all)) {
            close(master);
            master = -1;
        }
    }
}

static void serve_rtu(const char *device, modbus_mapping_t *all)
{
    modbus_t *server = modbus_new_rtu(device, 115200, 'N', 8, 1);
    if (server == NULL || modbus_set_slave(server, UNIT) < 0 || modbus_connect(server) < 0)
        fail("open the device");
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        ready(modbus_get_socket(server), -1);
        if (!serve(server, all))
            fail("serve");
    }
}

int main(int count, char **arguments)
{
    if (count >= 2 && strcmp(arguments[1], "tcp") == 0)
        serve_tcp(count > 2 ? atoi(arguments[2]) : 0, mapping());
    if (count == 3 && strcmp(arguments[1], "rtu") == 0)
        serve_rtu(arguments[2], mapping());
    fprintf(stderr, "%s tcp [port] | rtu <device>\n", arguments[0]);
    return 2;
}
