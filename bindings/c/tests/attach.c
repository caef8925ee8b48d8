/* The other side of reading.rs: a reader that knows of icc only what docs/shared-memory-layout.md says.
 *
 *   attach queue PATH FIRST COUNT   prints COUNT messages from number FIRST on, received or lost
 *   attach check PATH FIRST COUNT   the same, and prints only how many; each word k of message n must be 1000003 n + k
 *   attach vector PATH              prints every slot
 *   attach sleep PATH FIRST COUNT   as check, but sleeps while there is nothing
 *   attach schema PATH NAME         prints where field NAME is, and its format
 *   attach watch PATH SLOT LAST     reads SLOT until its version is LAST; the words of a value must follow its version
 *
 * Payloads are some words of 64 bits. Ends with 2 if what it read is wrong, with 1 if there is nothing to read. */
#define _POSIX_C_SOURCE 200809L
#include "icc.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* How long it polls for something new, which is long: machines that test are busy. */
enum { WORDS = 64, SECONDS = 60 };

static const uint64_t STEP = 1000003;

static int fail(const char *what) {
    fprintf(stderr, "attach: %s\n", what);
    return 1;
}

static void print_words(const uint64_t *payload, uint64_t words) {
    for (uint64_t k = 0; k < words; k++) printf(" %" PRIu64, payload[k]);
    putchar('\n');
}

static int consume(const struct icc_buffer *b, uint64_t next, uint64_t count, int print, int sleeps) {
    uint64_t payload[WORDS] = {0}, words = b->header.element_size / 8, received = 0, missed = 0;
    uint64_t end = next + count, idle = 0, seen = next, silent = 0;
    struct icc_lost lost = {0, 0};
    for (time_t deadline = time(NULL) + SECONDS; next < end;) {
        uint64_t n = next;
        enum icc_consumed found = icc_try_consume(b, &next, payload, &lost);
        silent = found == ICC_EMPTY ? silent + 1 : 0;
        if (silent > 1000) {
            found = icc_left_out(b, &next, &lost);
            silent = 0;
        }
        switch (found) {
        case ICC_MESSAGE:
            received++;
            if (print) {
                printf("%" PRIu64, n);
                print_words(payload, words);
                break;
            }
            for (uint64_t k = 0; k < words; k++) {
                if (payload[k] == STEP * n + k) continue;
                fprintf(stderr, "attach: message %" PRIu64 " has %" PRIu64 " in word %" PRIu64 "\n", n, payload[k], k);
                return 2;
            }
            break;
        case ICC_LOST:
            missed += lost.next - lost.first;
            if (print) printf("lost %" PRIu64 " to %" PRIu64 "\n", lost.first, lost.next);
            break;
        case ICC_EMPTY:
            if (sleeps && !icc_wait(b, next, SECONDS * UINT64_C(1000000000))) return fail("no message came while it slept");
            if (++idle % 4096 != 0) break;
            if (next != seen) deadline = time(NULL) + SECONDS;
            if (time(NULL) > deadline) return fail("no message came");
            seen = next;
        }
    }
    printf("received %" PRIu64 " lost %" PRIu64 "\n", received, missed);
    return 0;
}

static int print_slots(const struct icc_buffer *b) {
    uint64_t payload[WORDS] = {0}, version;
    for (uint64_t slot = 0; slot < b->header.len; slot++) {
        if (!icc_try_read(b, slot, payload, &version)) return fail("a slot was being written");
        printf("%" PRIu64 " at %" PRIu64, slot, version);
        print_words(payload, b->header.element_size / 8);
    }
    return 0;
}

static int watch(const struct icc_buffer *b, uint64_t slot, uint64_t last) {
    uint64_t payload[WORDS] = {0}, version = 0, seen = 0, polls = 0;
    if (slot >= b->header.len) return fail("no such slot");
    for (time_t deadline = time(NULL) + SECONDS; version < last;) {
        if (!icc_try_read(b, slot, payload, &version)) {
            version = 0;
        } else {
            for (uint64_t k = 0; version > 0 && k < b->header.element_size / 8; k++) {
                if (payload[k] == STEP * version + k) continue;
                fprintf(stderr, "attach: version %" PRIu64 " has %" PRIu64 " in word %" PRIu64 "\n", version, payload[k], k);
                return 2;
            }
        }
        if (++polls % 4096 != 0) continue;
        if (version != seen) deadline = time(NULL) + SECONDS;
        if (time(NULL) > deadline) return fail("no change came");
        seen = version;
    }
    printf("last %" PRIu64 "\n", version);
    return 0;
}

int main(int count, char **arguments) {
    if (count < 3) return fail("say what to read, and where");
    struct icc_buffer b;
    int vector = strcmp(arguments[1], "vector") == 0 || strcmp(arguments[1], "watch") == 0;
    const char *wrong = icc_attach(&b, arguments[2], vector ? "vector" : "queue");
    if (wrong) return fail(wrong);
    const struct icc_header *h = &b.header;
    if (h->element_size % 8 != 0 || h->element_size > 8 * WORDS) return fail("not a few words of 64 bits");
    uint64_t first = count > 3 ? strtoull(arguments[3], NULL, 10) : 0, second = count > 4 ? strtoull(arguments[4], NULL, 10) : 0;
    printf("kind %.8s mode %" PRIu64 " len %" PRIu64 " size %" PRIu64 " type %.256s %" PRIx64 "\n", h->kind,
           h->words[vector ? 0 : 1], h->len, h->element_size, h->type_name, h->fingerprint);
    fflush(stdout);
    if (strcmp(arguments[1], "vector") == 0) return print_slots(&b);
    if (strcmp(arguments[1], "watch") == 0) return watch(&b, first, second);
    if (strcmp(arguments[1], "schema") == 0) {
        static char text[ICC_MAX_SCHEMA + 1];
        struct icc_field field;
        if (count < 4 || !icc_find_field(text, icc_schema(&b, text, sizeof text), arguments[3], &field)) return fail("no such field");
        printf("at %" PRIu64 " format %.*s\n", field.offset, (int)field.format_len, field.format);
        return 0;
    }
    int sleeps = strcmp(arguments[1], "sleep") == 0;
    if (sleeps) printf("wakes %d\n", b.bell != NULL);
    fflush(stdout);
    return consume(&b, first, second, strcmp(arguments[1], "queue") == 0, sleeps);
}
