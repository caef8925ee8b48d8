/* The other side of bytes.rs: a reader of messages of any length.
 *
 *   bytes print PATH FROM END SIZE   prints what comes from slot FROM on until slot END, with a buffer of SIZE bytes at first
 *   bytes check PATH FROM END        the same, and prints only how many: byte k of a message of L bytes must be (7 L + k) % 251
 *   bytes sleep PATH FROM END        as check, but sleeps while there is nothing
 *   bytes doze PATH FROM END         as print, but sleeps while there is nothing
 *   bytes garbage PATH POLLS         polls so often, whatever comes: nothing may be written behind the buffer
 *
 * Ends with 2 if what it read is wrong, with 1 if there is nothing to read. */
#define _POSIX_C_SOURCE 200809L
#include "icc.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SECONDS = 60, GUARD = 64 };

static int fail(const char *what) {
    fprintf(stderr, "bytes: %s\n", what);
    return 1;
}

static void print_lost(const struct icc_bytes_lost *lost) {
    printf("lost slots %" PRIu64 " to %" PRIu64, lost->first, lost->next);
    if (lost->messages != ICC_UNKNOWN) printf(", %" PRIu64 " messages", lost->messages);
    putchar('\n');
}

static int consume(struct icc_bytes_consumer *c, uint64_t end, const char *how, uint64_t size) {
    int dozes = strcmp(how, "doze") == 0, print = dozes || strcmp(how, "print") == 0, sleeps = dozes || strcmp(how, "sleep") == 0;
    unsigned char *message = malloc((size_t)icc_bytes_longest(c->buffer));
    uint64_t len = 0, idle = 0;
    time_t deadline = time(NULL) + SECONDS;
    if (message == NULL) return fail("no memory");
    while (c->next < end) {
        struct icc_bytes_lost lost;
        uint64_t slot = c->next;
        switch (icc_bytes_try_consume(c, message, size, &len, &lost)) {
        case ICC_BYTES_MESSAGE:
            deadline = 0;
            if (print) printf("%" PRIu64 " %.*s\n", slot, (int)len, (const char *)message);
            for (uint64_t k = 0; !print && k < len; k++) {
                if (message[k] == (7 * len + k) % 251) continue;
                fprintf(stderr, "bytes: slot %" PRIu64 " of %" PRIu64 " bytes has %d at %" PRIu64 "\n", slot, len, message[k], k);
                return 2;
            }
            break;
        case ICC_BYTES_TOO_SMALL:
            if (print) printf("too small: %" PRIu64 "\n", len);
            size = icc_bytes_longest(c->buffer);
            break;
        case ICC_BYTES_LOST:
            if (print) print_lost(&lost);
            break;
        case ICC_BYTES_EMPTY:
            if (sleeps && !icc_bytes_wait(c, SECONDS * UINT64_C(1000000000))) return fail("no message came while it slept");
            if (++idle % 4096 != 0) break;
            if (icc_bytes_left_out(c, &lost) == ICC_BYTES_LOST) {
                if (print) print_lost(&lost);
                break;
            }
            if (deadline == 0) deadline = time(NULL) + SECONDS;
            if (time(NULL) > deadline) return fail("no message came");
        }
    }
    free(message);
    printf("received %" PRIu64 " lost %" PRIu64 " slots %" PRIu64 "\n", c->received, c->lost_messages, c->lost_slots);
    return 0;
}

/* Whatever is there: sizes that begin at 0, and guards on both sides. */
static int garbage(struct icc_bytes_consumer *c, uint64_t polls) {
    uint64_t most = icc_bytes_longest(c->buffer), messages = 0, lost_count = 0;
    unsigned char *all = malloc((size_t)most + 2 * GUARD);
    if (all == NULL) return fail("no memory");
    for (uint64_t poll = 0; poll < polls; poll++) {
        struct icc_bytes_lost lost;
        uint64_t len = ICC_UNKNOWN, size = poll * 37 % (most + 1);
        enum icc_bytes_consumed found;
        memset(all, 0xa5, (size_t)most + 2 * GUARD);
        found = icc_bytes_try_consume(c, all + GUARD, size, &len, &lost);
        if (found == ICC_BYTES_MESSAGE) messages++;
        if (found == ICC_BYTES_LOST) lost_count++;
        if (found == ICC_BYTES_MESSAGE && len > size) return 2;
        if (found == ICC_BYTES_TOO_SMALL && (len <= size || len > most)) return 2;
        for (uint64_t k = 0; k < GUARD; k++) {
            if (all[k] != 0xa5 || all[GUARD + size + k] != 0xa5) return 2;
        }
        if (poll % 1024 == 0) icc_bytes_wait(c, 1000);
        /* A consumer that garbage led astray begins anew. */
        if (poll % 97 == 0) *c = icc_bytes_consumer_at(c->buffer, poll % 2 ? icc_oldest(c->buffer) : icc_produced(c->buffer));
    }
    free(all);
    printf("messages %" PRIu64 " losses %" PRIu64 "\n", messages, lost_count);
    return 0;
}

int main(int count, char **arguments) {
    struct icc_buffer b;
    struct icc_bytes_consumer c;
    const char *wrong;
    uint64_t numbers[3] = {0, 0, 0};
    if (count < 4) return fail("say how to read, what, and how much");
    wrong = icc_attach(&b, arguments[2], "bytes");
    if (wrong) return fail(wrong);
    for (int k = 3; k < count && k < 6; k++) numbers[k - 3] = strtoull(arguments[k], NULL, 10);
    c = icc_bytes_consumer_at(&b, strcmp(arguments[1], "garbage") == 0 ? 0 : numbers[0]);
    printf("kind %.8s slots %" PRIu64 " room %" PRIu64 " longest %" PRIu64 "\n", b.header.kind, b.header.len, icc_bytes_room(&b),
           icc_bytes_longest(&b));
    fflush(stdout);
    if (strcmp(arguments[1], "garbage") == 0) return garbage(&c, numbers[0]);
    return consume(&c, numbers[1], arguments[1], count > 5 ? numbers[2] : icc_bytes_longest(&b));
}
