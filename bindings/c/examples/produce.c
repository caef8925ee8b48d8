/* A feed in C, which programs in Rust, C++ and Python read: creates the queue NAME, sends COUNT quotes, and waits for an answer to each
 * hundredth in the queue NAME-answers. In Rust the other side is examples/answer.rs of this folder; any reader will do.
 *
 *     cc -std=gnu11 produce.c $(pkg-config --cflags --libs icc) -o produce && ./produce quotes 1000 */
#define _POSIX_C_SOURCE 200809L
#include "icc.h"
#include "icc_write.h"
#include <stdio.h>
#include <stdlib.h>

struct quote {
    double bid, ask;
    uint64_t at;
};

static const char SCHEMA[] = "{\"names\":[\"bid\",\"ask\",\"at\"],\"formats\":[\"<f8\",\"<f8\",\"<u8\"],\"offsets\":[0,8,16],\"itemsize\":24}";

static int failed(const char *what) {
    fprintf(stderr, "%s: %s\n", what, icc_error_text());
    return 1;
}

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "produce NAME COUNT\n"), 2;
    const char *name = arguments[1];
    uint64_t messages = strtoull(arguments[2], NULL, 10), next = 0, answer;
    struct icc_payload payload = {sizeof(struct quote), _Alignof(struct quote), "quote", SCHEMA};
    struct icc_queue_spec spec = {.capacity = 1 << 16, .wakeable = true};
    char answers[256];
    snprintf(answers, sizeof answers, "/dev/shm/%s-answers", name);
    if (icc_queue_create(name, &payload, &spec, NULL) != ICC_STATUS_OK) return failed("create");
    struct icc_producer *producer;
    if (icc_producer_open(name, &payload, &producer) != ICC_STATUS_OK) return failed("open");

    /* The other side creates its queue when it has found ours. */
    struct icc_buffer back;
    for (int round = 0; icc_attach(&back, answers, "queue") != NULL; round++) {
        if (round == 10000) return fprintf(stderr, "nobody answers\n"), 1;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    if (back.header.element_size != sizeof answer) return fprintf(stderr, "answers of another type\n"), 1;
    for (uint64_t n = 0; n < messages; n++) {
        struct quote quote = {100.0 + (double)n, 100.5 + (double)n, n};
        if (icc_producer_produce(producer, &quote, NULL) != ICC_STATUS_OK) return failed("produce");
        if (n % 100 != 99) continue;
        struct icc_lost lost;
        enum icc_consumed found;
        while ((found = icc_try_consume(&back, &next, &answer, &lost)) == ICC_EMPTY) {
            if (!icc_wait(&back, next, UINT64_C(10000000000))) return fprintf(stderr, "no answer\n"), 1;
        }
        if (found != ICC_MESSAGE || answer != n) return fprintf(stderr, "a wrong answer\n"), 1;
    }
    printf("%llu quotes, %llu answers\n", (unsigned long long)messages, (unsigned long long)next);
    icc_producer_close(producer);
    icc_detach(&back);
    return 0;
}
