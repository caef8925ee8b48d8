/* Reading the shared memory of icc from C11, by docs/shared-memory-layout.md and nothing else.
 *
 * Everything is read-only: a program that uses this cannot harm the buffer. All racy accesses are atomic, so there is no data
 * race in the eyes of the C standard either. Copy this file into your program; it needs POSIX and 64-bit atomics. */
#ifndef ICC_H
#define ICC_H

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first 512 bytes. */
struct icc_header {
    uint64_t magic;
    uint32_t layout_version, ready;
    char kind[8];
    uint64_t instance, boot[2], features_to_read, features_to_write, features_other;
    uint64_t element_size, element_align, fingerprint, len, stride, slots_offset, counters, counters_offset, total_size;
    uint64_t schema_offset, schema_len, schema_hash, created_at, creator, words[4], keys_offset, keys_len, reserved[3];
    char type_name[256];
};
_Static_assert(sizeof(struct icc_header) == 512, "the header has 512 bytes");

struct icc_buffer {
    /* A copy, checked by icc_attach: nothing is read from the mapping's header again. */
    struct icc_header header;
    const unsigned char *start;
    uint64_t size, payload_offset;
};

static inline int icc_power_of_two(uint64_t n) {
    return n != 0 && (n & (n - 1)) == 0;
}

/* `n` rounded up to a multiple of `unit`, a power of two; `n` is far below 2^64. */
static inline uint64_t icc_round_up(uint64_t n, uint64_t unit) {
    return (n + unit - 1) & ~(unit - 1);
}

/* Whether the slots are used as `kind`: "queue" or "vector". */
static inline int icc_is(const struct icc_header *h, const char *kind) {
    char tag[sizeof h->kind] = {0};
    size_t len = strlen(kind);
    if (len > sizeof tag) return 0;
    memcpy(tag, kind, len);
    return memcmp(tag, h->kind, sizeof tag) == 0;
}

/* The features that this reader knows: a queue's one producer may leave numbers out, see icc_left_out. */
#define ICC_GAPS UINT64_C(2)

/* What is wrong with a queue's own part of the header, or NULL. */
static const char *icc_check_queue(const struct icc_header *h) {
    if (!icc_power_of_two(h->len)) return "damaged: len";
    switch (h->words[1]) {
    case 1: return h->words[2] == 1 && h->counters == 1 ? NULL : "damaged: a queue of one producer has one counter";
    case 2: if (h->features_to_read & ICC_GAPS) return "damaged: a queue of many producers has no gaps"; break;
    default: return "a queue of an unknown mode: build for that one";
    }
    if (h->words[2] == 0 || h->words[2] > 64) return "damaged: the most producers";
    return h->counters == 1 + 2 * h->words[2] ? NULL : "damaged: the counters of a queue of many producers";
}

/* What is wrong with a header, in a file of `size` bytes, or NULL. */
static const char *icc_check(const struct icc_header *h, uint64_t size, uint64_t payload_offset, const char *kind) {
    if (h->magic != UINT64_C(0x5246465542434349)) return "not a buffer of icc";
    if (h->layout_version != 2) return "another layout version: build for that one";
    if (h->ready != 1) return "not ready: its creator has not finished it";
    if ((h->features_to_read & ~ICC_GAPS) != 0) return "of features that this reader does not know: build for those";
    if (!icc_is(h, kind)) return "of another kind: check the name";
    if (h->instance == 0) return "damaged: instance";
    if (!icc_power_of_two(h->element_align) || h->element_align > 4096) return "damaged: element_align";
    /* Each bounded by the file before it is added to or multiplied by anything. */
    if (h->element_size > size || h->stride > size || h->stride < payload_offset + h->element_size) return "damaged: stride";
    if (h->stride % payload_offset != 0) return "damaged: the slots are not aligned";
    if (h->schema_len > 16384 || h->schema_offset != (h->schema_len ? sizeof *h : 0)) return "damaged: schema";
    if (h->keys_len > 4194304 || h->keys_offset != (h->keys_len ? sizeof *h + h->schema_len : 0)) return "damaged: keys";
    if (h->counters_offset != icc_round_up(sizeof *h + h->schema_len + h->keys_len, 128)) return "damaged: counters_offset";
    if (h->counters > size / 128) return "cut off, or damaged: counters";
    uint64_t unit = payload_offset > 128 ? payload_offset : 128;
    if (h->slots_offset != icc_round_up(h->counters_offset + 128 * h->counters, unit)) return "damaged: slots_offset";
    if (h->len == 0 || h->len > size / h->stride) return "cut off, or damaged: len";
    if (h->total_size != h->slots_offset + h->len * h->stride) return "damaged: total_size";
    if (h->total_size > size) return "cut off";
    return icc_is(h, "queue") ? icc_check_queue(h) : NULL;
}

/* Maps the buffer at `path`, a "queue" or a "vector", to read. Returns NULL, or what is wrong. */
static const char *icc_attach(struct icc_buffer *b, const char *path, const char *kind) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return "cannot be opened: start its creator first, or check its name and mode";
    struct stat status;
    int found = fstat(file, &status);
    if (found != 0 || !S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof b->header) {
        close(file);
        return "not a buffer: not a file, or too short";
    }
    b->size = (uint64_t)status.st_size;
    void *start = mmap(NULL, b->size, PROT_READ, MAP_SHARED, file, 0);
    close(file); /* The mapping stays. */
    if (start == MAP_FAILED) return "cannot be mapped";
    b->start = start;
    for (size_t done = 0; done < sizeof b->header; done += 8) {
        uint64_t word = atomic_load_explicit((const _Atomic uint64_t *)(b->start + done), memory_order_relaxed);
        memcpy((unsigned char *)&b->header + done, &word, 8);
    }
    atomic_thread_fence(memory_order_acquire);
    b->payload_offset = b->header.element_align > 8 ? b->header.element_align : 8;
    const char *wrong = icc_check(&b->header, b->size, b->payload_offset, kind);
    if (wrong) munmap(start, b->size);
    return wrong;
}

static inline const _Atomic uint64_t *icc_version(const struct icc_buffer *b, uint64_t slot) {
    return (const _Atomic uint64_t *)(b->start + b->header.slots_offset + b->header.stride * slot);
}

/* Copies a slot's payload by relaxed atomic loads. It may be a mixture of two writes: the caller checks the version again. */
static inline void icc_copy(const struct icc_buffer *b, uint64_t slot, void *out) {
    const unsigned char *from = (const unsigned char *)icc_version(b, slot) + b->payload_offset;
    unsigned char *to = out;
    uint64_t done = 0, size = b->header.element_size;
    for (; done + 8 <= size; done += 8) {
        uint64_t word = atomic_load_explicit((const _Atomic uint64_t *)(from + done), memory_order_relaxed);
        memcpy(to + done, &word, 8);
    }
    for (; done < size; done++) {
        to[done] = atomic_load_explicit((const _Atomic unsigned char *)(from + done), memory_order_relaxed);
    }
}

/* Copies the payload if the slot stands at `version`, an even one, before and after. Otherwise returns 0. */
static inline int icc_read_at(const struct icc_buffer *b, uint64_t slot, uint64_t version, void *out) {
    if (atomic_load_explicit(icc_version(b, slot), memory_order_relaxed) != version) return 0;
    atomic_thread_fence(memory_order_acquire);
    icc_copy(b, slot, out);
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(icc_version(b, slot), memory_order_relaxed) == version;
}

/* A vector: one attempt at the value of a slot that exists, and its version. 0 if a write was under way or crossed the copy. */
static inline int icc_try_read(const struct icc_buffer *b, uint64_t slot, void *out, uint64_t *version) {
    *version = atomic_load_explicit(icc_version(b, slot), memory_order_relaxed);
    return *version % 2 == 0 && icc_read_at(b, slot, *version, out);
}

/* A queue: how many messages have been produced, since before the first if that is not 0. */
static inline uint64_t icc_produced(const struct icc_buffer *b) {
    const unsigned char *counter = b->start + b->header.counters_offset;
    uint64_t head = atomic_load_explicit((const _Atomic uint64_t *)counter, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    if (b->header.words[1] != 1) return head;
    /* One producer stores the head once in eight messages: the slots tell of the others. */
    uint64_t len = b->header.len, most = head + 8;
    while (head != most && atomic_load_explicit(icc_version(b, head & (len - 1)), memory_order_relaxed) >= 2 * (head / len) + 2) head++;
    atomic_thread_fence(memory_order_acquire);
    return head;
}

enum icc_consumed { ICC_EMPTY, ICC_MESSAGE, ICC_LOST };

/* A queue: message `*next`, which is then one further. If it was overwritten: how many are lost, and `*next` is the oldest that can
 * be read; or, if the producer overwrites even that one meanwhile, a quarter of the ring after it, so that this consumer is not sped
 * past again at once. Messages of a producer that died half-way are empty here until they are overwritten; the Rust consumer asks
 * the kernel and counts them as lost at once. */
static inline enum icc_consumed icc_try_consume(const struct icc_buffer *b, uint64_t *next, void *out, uint64_t *lost) {
    uint64_t len = b->header.len, slot = *next & (len - 1), complete = 2 * (*next / len) + 2;
    if (icc_read_at(b, slot, complete, out)) {
        *next += 1;
        return ICC_MESSAGE;
    }
    uint64_t version = atomic_load_explicit(icc_version(b, slot), memory_order_relaxed);
    if (version <= complete) return ICC_EMPTY;
    /* What the slot proves; the head may be seen older than that. */
    uint64_t begun = *next + len * ((version - complete + 1) / 2), produced = icc_produced(b);
    if (produced < begun) produced = begun;
    uint64_t resume = produced - len;
    version = atomic_load_explicit(icc_version(b, resume & (len - 1)), memory_order_relaxed);
    if (version > 2 * (resume / len) + 2 || icc_produced(b) != produced) resume += len < 4 ? 1 : len / 4;
    *lost = resume - *next;
    *next = resume;
    return ICC_LOST;
}

/* A queue whose producer may leave numbers out (ICC_GAPS): for when message `*next` has been empty for a while, such as a millisecond,
 * and before sleeping; not for each poll, since it takes the head's cache line from the producer. If it was left out: how many are
 * lost, and `*next` is the next message that is there, or that will be. Of other queues it finds nothing. */
static inline enum icc_consumed icc_left_out(const struct icc_buffer *b, uint64_t *next, uint64_t *lost) {
    if (!(b->header.features_to_read & ICC_GAPS)) return ICC_EMPTY;
    /* First the head, with acquire, then the slot: a number below the head that is not complete never will be. */
    uint64_t len = b->header.len, head = icc_produced(b), resume = head;
    if (head <= *next) return ICC_EMPTY;
    for (uint64_t n = *next; n < head && n - *next < len; n++) {
        uint64_t complete = 2 * (n / len) + 2;
        uint64_t version = atomic_load_explicit(icc_version(b, n & (len - 1)), memory_order_relaxed);
        if (version >= complete && n == *next) return ICC_EMPTY; /* It came meanwhile, or was overwritten: icc_try_consume tells. */
        if (version == complete) {
            resume = n;
            break;
        }
        /* Complete some laps later: beyond all that is looked at here, unless nothing is found. */
        uint64_t later = n + len * ((version - complete) / 2);
        if (version > complete && version % 2 == 0 && later < resume) resume = later;
    }
    *lost = resume - *next;
    *next = resume;
    return ICC_LOST;
}

#endif
