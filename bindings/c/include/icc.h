/* Reading the shared memory of icc from C and C++, by docs/shared-memory-layout.md and nothing else.
 *
 * C11 or C++11 and later, gcc or clang, Linux. It needs no library: copy this file into your program. icc.hpp has types for C++
 * over it; producing is in icc_write.h and its library.
 *
 * Buffers are mapped read-only, so a program that uses this cannot harm them. All racy accesses are atomic, so there is no data
 * race. A handle may be used by several threads at once if each has a `next` of its own. */
#ifndef ICC_H
#define ICC_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if !defined(O_NOFOLLOW) || !defined(CLOCK_MONOTONIC)
#error "icc.h needs POSIX: define _POSIX_C_SOURCE as 200809L before the first #include, or compile with -std=gnu11"
#endif

#ifdef __cplusplus
#define ICC_STATIC_ASSERT static_assert
extern "C" {
#else
#define ICC_STATIC_ASSERT _Static_assert
/* With strict -std it is not declared. */
extern long syscall(long number, ...);
#endif

/* The first 512 bytes. */
struct icc_header {
    uint64_t magic;
    uint32_t layout_version, ready;
    char kind[8];
    uint64_t instance, boot[2], features_to_read, features_to_write, features_other;
    uint64_t element_size, element_align, fingerprint, len, stride, slots_offset, counters, counters_offset, total_size;
    uint64_t schema_offset, schema_len, schema_hash, created_at, creator, words[4], keys_offset, keys_len, source, reserved[2];
    char type_name[256];
};
ICC_STATIC_ASSERT(sizeof(struct icc_header) == 512, "the header has 512 bytes");

struct icc_buffer {
    /* A copy, checked by icc_attach: nothing is read from the mapping's header again. */
    struct icc_header header;
    const unsigned char *start;
    uint64_t size, payload_offset;
    /* The readers' file, if the buffer's readers can sleep and this process may write there; or NULL. */
    uint32_t *bell;
    uint64_t bell_size;
};

/* Messages `first` to `next` - 1 are lost. */
struct icc_lost {
    uint64_t first, next;
};

/* A place in one queue, to be noted and gone on from: also in a later run. */
struct icc_position {
    uint64_t instance, sequence;
};

enum icc_consumed { ICC_EMPTY, ICC_MESSAGE, ICC_LOST };

/* Not known: how many messages were lost, or the number of the next. */
#define ICC_UNKNOWN UINT64_MAX

/* A queue of bytes: the slots `first` to `next` - 1 are lost, and with them so many messages, or ICC_UNKNOWN. */
struct icc_bytes_lost {
    uint64_t first, next, messages;
};

/* A reading end of a queue of bytes, from icc_bytes_consumer_at. One thread at a time; copy it for another one at the same place. */
struct icc_bytes_consumer {
    const struct icc_buffer *buffer;
    /* The slot where the next message begins; and, with one producer, the number of that message, or ICC_UNKNOWN. */
    uint64_t next, number;
    /* How many messages it received, how many slots it lost, and with one producer how many messages: exact whenever a message was
     * just received. */
    uint64_t received, lost_slots, lost_messages;
    /* How often the rest of a message was not there yet. */
    uint32_t partial;
};

enum icc_bytes_consumed { ICC_BYTES_EMPTY, ICC_BYTES_MESSAGE, ICC_BYTES_LOST, ICC_BYTES_TOO_SMALL };

/* What the three words say that are before the bytes of a slot: which of the message's slots it is, from 0, and how many there are;
 * the bytes of the whole message; the message's number. All may be made up. */
struct icc_bytes_head {
    uint32_t index, count;
    uint64_t len, number;
};

/* A field of a payload: where it is, and its format as NumPy writes it, such as "<f8" with the quotes; the format of a struct is a
 * schema itself. It points into the text that it was found in. */
struct icc_field {
    uint64_t offset;
    const char *format;
    size_t format_len;
};

/* The longest schema, in bytes. */
#define ICC_MAX_SCHEMA 16384
/* The features that this reader knows: a queue's one producer may leave numbers out, see icc_left_out. */
#define ICC_GAPS UINT64_C(2)
/* What a writer must know: readers sleep on a bell. */
#define ICC_WAKEABLE UINT64_C(1)
#define ICC_MAGIC UINT64_C(0x5246465542434349)

static inline uint64_t icc_load(const unsigned char *from) {
    return __atomic_load_n((const uint64_t *)(const void *)from, __ATOMIC_RELAXED);
}

static inline void icc_acquire(void) {
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* ---- Attaching ---- */

static inline int icc_power_of_two(uint64_t n) {
    return n != 0 && (n & (n - 1)) == 0;
}

/* `n` rounded up to a multiple of `unit`, a power of two; `n` is far below 2^64. */
static inline uint64_t icc_round_up(uint64_t n, uint64_t unit) {
    return (n + unit - 1) & ~(unit - 1);
}

/* Whether the slots are used as `kind`: "queue", "bytes" or "vector". */
static inline int icc_is(const struct icc_header *h, const char *kind) {
    char tag[sizeof h->kind] = {0};
    size_t len = strlen(kind);
    if (len > sizeof tag) return 0;
    memcpy(tag, kind, len);
    return memcmp(tag, h->kind, sizeof tag) == 0;
}

/* What is wrong with a queue's own part of the header, or NULL. */
static inline const char *icc_check_queue(const struct icc_header *h) {
    if (!icc_power_of_two(h->len)) return "damaged: len";
    switch (h->words[1]) {
    case 1: return h->words[2] == 1 && h->counters == 1 ? NULL : "damaged: a queue of one producer has one counter";
    case 2: if (h->features_to_read & ICC_GAPS) return "damaged: a queue of many producers has no gaps"; break;
    default: return "a queue of an unknown mode: build for that one";
    }
    if (h->words[2] == 0 || h->words[2] > 1024) return "damaged: the most producers";
    return h->counters == 1 + 2 * h->words[2] ? NULL : "damaged: the counters of a queue of many producers";
}

/* What is wrong with a header of a queue of bytes, beside that, or NULL. */
static inline const char *icc_check_bytes(const struct icc_header *h) {
    static const char name[] = "icc_buffer::Piece";
    uint64_t slot = h->element_size + 8;
    if (memcmp(h->type_name, name, sizeof name) != 0 || h->element_align != 8) return "damaged: a queue of bytes has slots of bytes";
    if (slot % 8 != 0 || slot < 40 || slot > 65536) return "damaged: the size of a slot";
    return icc_check_queue(h);
}

/* What is wrong with a header, in a file of `size` bytes, or NULL. */
static inline const char *icc_check(const struct icc_header *h, uint64_t size, uint64_t payload_offset, const char *kind) {
    uint64_t unit = payload_offset > 128 ? payload_offset : 128;
    if (h->magic != ICC_MAGIC) return "not a buffer of icc";
    if (h->layout_version != 2) return "another layout version: build for that one";
    if (h->ready != 1) return "not ready: its creator has not finished it";
    if ((h->features_to_read & ~ICC_GAPS) != 0) return "of features that this reader does not know: build for those";
    if (!icc_is(h, kind)) return "of another kind: check the name";
    if (h->instance == 0) return "damaged: instance";
    if (!icc_power_of_two(h->element_align) || h->element_align > 4096) return "damaged: element_align";
    /* Each bounded by the file before it is added to or multiplied by anything. */
    if (h->element_size > size || h->stride > size || h->stride < payload_offset + h->element_size) return "damaged: stride";
    if (h->stride % payload_offset != 0) return "damaged: the slots are not aligned";
    if (h->schema_len > ICC_MAX_SCHEMA || h->schema_offset != (h->schema_len ? sizeof *h : 0)) return "damaged: schema";
    if (h->keys_len > 4194304 || h->keys_offset != (h->keys_len ? sizeof *h + h->schema_len : 0)) return "damaged: keys";
    if (h->counters_offset != icc_round_up(sizeof *h + h->schema_len + h->keys_len, 128)) return "damaged: counters_offset";
    if (h->counters > size / 128) return "cut off, or damaged: counters";
    if (h->slots_offset != icc_round_up(h->counters_offset + 128 * h->counters, unit)) return "damaged: slots_offset";
    if (h->len == 0 || h->len > size / h->stride) return "cut off, or damaged: len";
    if (h->total_size != h->slots_offset + h->len * h->stride) return "damaged: total_size";
    if (h->total_size > size) return "cut off";
    if (icc_is(h, "bytes")) return icc_check_bytes(h);
    return icc_is(h, "queue") ? icc_check_queue(h) : NULL;
}

/* Copies the header out of a mapping. */
static inline void icc_copy_header(struct icc_header *h, const unsigned char *start) {
    size_t done;
    for (done = 0; done < sizeof *h; done += 8) {
        uint64_t word = icc_load(start + done);
        memcpy((unsigned char *)h + done, &word, 8);
    }
    icc_acquire();
}

/* Maps a regular file, all of it, if it is as long as a header. */
static inline unsigned char *icc_map(const char *path, int writable, uint64_t *size) {
    struct stat status;
    void *start = MAP_FAILED;
    int file = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return NULL;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size >= (off_t)sizeof(struct icc_header)) {
        *size = (uint64_t)status.st_size;
        start = mmap(NULL, (size_t)*size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, file, 0);
    }
    close(file); /* The mapping stays. */
    return start == MAP_FAILED ? NULL : (unsigned char *)start;
}

/* Maps the readers' file beside a buffer whose readers can sleep. Without it, waiting looks in slices. */
static inline void icc_find_bell(struct icc_buffer *b, const char *path) {
    char beside[4096 + 64];
    struct icc_header h;
    struct stat buffer, readers;
    uint64_t size;
    unsigned char *start;
    int n = snprintf(beside, sizeof beside, "%s.%016llx.readers", path, (unsigned long long)b->header.instance);
    if (n < 0 || (size_t)n >= sizeof beside) return;
    if (stat(path, &buffer) != 0 || lstat(beside, &readers) != 0 || buffer.st_uid != readers.st_uid) return;
    start = icc_map(beside, 1, &size);
    if (start == NULL) return;
    icc_copy_header(&h, start);
    if (size < 768 || h.magic != ICC_MAGIC || h.layout_version != 2 || h.ready != 1 || !icc_is(&h, "readers") ||
        h.instance != b->header.instance || h.slots_offset != 512 || h.stride != 128) {
        munmap(start, (size_t)size);
        return;
    }
    b->bell = (uint32_t *)(void *)(start + 512);
    b->bell_size = size;
}

/* Maps the buffer at `path`, a "queue", a "vector" or, for messages of any length, "bytes", to read. Returns NULL, or what is wrong. */
static inline const char *icc_attach(struct icc_buffer *b, const char *path, const char *kind) {
    const char *wrong;
    memset(b, 0, sizeof *b);
    b->start = icc_map(path, 0, &b->size);
    if (b->start == NULL) {
        if (access(path, R_OK) != 0) return "cannot be opened: start its creator first, or check its name and mode";
        return "not a buffer: not a file, or too short";
    }
    icc_copy_header(&b->header, b->start);
    b->payload_offset = b->header.element_align > 8 ? b->header.element_align : 8;
    wrong = icc_check(&b->header, b->size, b->payload_offset, kind);
    if (wrong != NULL) {
        munmap((void *)(uintptr_t)b->start, (size_t)b->size);
        b->start = NULL;
        return wrong;
    }
    if (b->header.features_to_write & ICC_WAKEABLE) icc_find_bell(b, path);
    return NULL;
}

/* Unmaps it. Nobody may be using it. */
static inline void icc_detach(struct icc_buffer *b) {
    if (b->start != NULL) munmap((void *)(uintptr_t)b->start, (size_t)b->size);
    if (b->bell != NULL) munmap((unsigned char *)(void *)b->bell - 512, (size_t)b->bell_size);
    b->start = NULL;
    b->bell = NULL;
}

/* ---- Slots ---- */

static inline const unsigned char *icc_slot(const struct icc_buffer *b, uint64_t slot) {
    return b->start + b->header.slots_offset + b->header.stride * slot;
}

static inline uint64_t icc_version(const struct icc_buffer *b, uint64_t slot) {
    return icc_load(icc_slot(b, slot));
}

/* Copies bytes by relaxed atomic loads. They may be a mixture of two writes: the caller checks the version again. */
static inline void icc_copy_bytes(const unsigned char *from, void *out, uint64_t size) {
    unsigned char *to = (unsigned char *)out;
    uint64_t done = 0;
    for (; done + 8 <= size; done += 8) {
        uint64_t word = icc_load(from + done);
        memcpy(to + done, &word, 8);
    }
    for (; done < size; done++) to[done] = __atomic_load_n(from + done, __ATOMIC_RELAXED);
}

static inline void icc_copy(const struct icc_buffer *b, uint64_t slot, void *out) {
    icc_copy_bytes(icc_slot(b, slot) + b->payload_offset, out, b->header.element_size);
}

/* Copies the payload if the slot stands at `version`, an even one, before and after. Otherwise returns 0. */
static inline int icc_read_at(const struct icc_buffer *b, uint64_t slot, uint64_t version, void *out) {
    if (icc_version(b, slot) != version) return 0;
    icc_acquire();
    icc_copy(b, slot, out);
    icc_acquire();
    return icc_version(b, slot) == version;
}

/* A vector: one attempt at the value of a slot that exists, and its version. 0 if a write was under way or crossed the copy. */
static inline int icc_try_read(const struct icc_buffer *b, uint64_t slot, void *out, uint64_t *version) {
    *version = icc_version(b, slot);
    return *version % 2 == 0 && icc_read_at(b, slot, *version, out);
}

/* ---- Queues ---- */

/* A queue: how many messages have been produced, since before the first if that is not 0: the number of the next one. */
static inline uint64_t icc_produced(const struct icc_buffer *b) {
    uint64_t head = icc_load(b->start + b->header.counters_offset), len = b->header.len, most = head + 8;
    icc_acquire();
    if (b->header.words[1] != 1) return head;
    /* One producer stores the head once in eight messages: the slots tell of the others. */
    while (head != most && icc_version(b, head & (len - 1)) >= 2 * (head / len) + 2) head++;
    icc_acquire();
    return head;
}

/* A queue: the oldest message that it keeps, or the next one if there is none. */
static inline uint64_t icc_oldest(const struct icc_buffer *b) {
    uint64_t produced = icc_produced(b), first = b->header.words[0];
    return produced - first > b->header.len ? produced - b->header.len : first;
}

/* A queue: which one positions name: the one that it repeats, perhaps of another machine, or itself. */
static inline uint64_t icc_stream(const struct icc_buffer *b) {
    return b->header.source ? b->header.source : b->header.instance;
}

/* A queue: the place of message `n`, to be noted. */
static inline struct icc_position icc_position_of(const struct icc_buffer *b, uint64_t n) {
    struct icc_position position;
    position.instance = icc_stream(b);
    position.sequence = n;
    return position;
}

/* A queue: goes on from a place that was noted. Returns NULL, or why not. What is not kept any more is told as lost by the first
 * icc_try_consume. */
static inline const char *icc_resume(const struct icc_buffer *b, struct icc_position position, uint64_t *next) {
    uint64_t produced = icc_produced(b), first = b->header.words[0];
    if (position.instance != icc_stream(b)) return "noted in another queue: one of this name that is gone, or of another name";
    if (position.sequence - first > produced - first) return "not there yet: it was noted in another queue";
    *next = position.sequence;
    return NULL;
}

/* A queue: where to go on when message `n` was overwritten, by what its slot's version proves; the head may be seen older than that. */
static inline uint64_t icc_after_overwritten(const struct icc_buffer *b, uint64_t n, uint64_t version) {
    uint64_t len = b->header.len, begun = n + len * ((version - (2 * (n / len) + 2) + 1) / 2), produced = icc_produced(b), resume;
    if (produced < begun) produced = begun;
    resume = produced - len;
    version = icc_version(b, resume & (len - 1));
    if (version > 2 * (resume / len) + 2 || icc_produced(b) != produced) resume += len < 4 ? 1 : len / 4;
    return resume;
}

/* A queue: message `*next`, which is then one further. If it was overwritten: which are lost, and `*next` is the oldest that can
 * be read; or, if the producer overwrites even that one meanwhile, a quarter of the ring after it, so that this consumer is not sped
 * past again at once. Messages of a producer that died half-way are empty here until they are overwritten; the Rust consumer asks
 * the kernel and counts them as lost at once. */
static inline enum icc_consumed icc_try_consume(const struct icc_buffer *b, uint64_t *next, void *out, struct icc_lost *lost) {
    uint64_t len = b->header.len, slot = *next & (len - 1), complete = 2 * (*next / len) + 2, version, resume;
    if (icc_read_at(b, slot, complete, out)) {
        *next += 1;
        return ICC_MESSAGE;
    }
    version = icc_version(b, slot);
    if (version <= complete) return ICC_EMPTY;
    resume = icc_after_overwritten(b, *next, version);
    lost->first = *next;
    lost->next = resume;
    *next = resume;
    return ICC_LOST;
}

/* A queue whose producer may leave numbers out (ICC_GAPS): for when message `*next` has been empty for a while, such as a millisecond,
 * and before sleeping; not for each poll, since it takes the head's cache line from the producer. If it was left out: which are
 * lost, and `*next` is the next message that is there, or that will be. Of other queues it finds nothing. */
static inline enum icc_consumed icc_left_out(const struct icc_buffer *b, uint64_t *next, struct icc_lost *lost) {
    uint64_t len = b->header.len, head, resume, n;
    if (!(b->header.features_to_read & ICC_GAPS)) return ICC_EMPTY;
    /* First the head, with acquire, then the slot: a number below the head that is not complete never will be. */
    head = icc_produced(b);
    resume = head;
    if (head <= *next) return ICC_EMPTY;
    for (n = *next; n < head && n - *next < len; n++) {
        uint64_t complete = 2 * (n / len) + 2, version = icc_version(b, n & (len - 1)), later;
        if (version >= complete && n == *next) return ICC_EMPTY; /* It came meanwhile, or was overwritten: icc_try_consume tells. */
        if (version == complete) {
            resume = n;
            break;
        }
        /* Complete some laps later: beyond all that is looked at here, unless nothing is found. */
        later = n + len * ((version - complete) / 2);
        if (version > complete && version % 2 == 0 && later < resume) resume = later;
    }
    lost->first = *next;
    lost->next = resume;
    *next = resume;
    return ICC_LOST;
}

/* ---- Waiting ---- */

static inline uint64_t icc_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Whether there is something: message `above` of a queue, or a version of slot `slot` of a vector that is newer than `above`. */
static inline int icc_is_there(const struct icc_buffer *b, uint64_t slot, uint64_t above) {
    uint64_t version, len = b->header.len;
    if (icc_is(&b->header, "vector")) {
        version = icc_version(b, slot);
        return version % 2 == 0 && version > above;
    }
    if (icc_version(b, above & (len - 1)) >= 2 * (above / len) + 2) return 1;
    return (b->header.features_to_read & ICC_GAPS) != 0 && icc_produced(b) > above;
}

/* The bell: makes it odd, so that the next writer wakes, and returns what to sleep on. */
static inline uint32_t icc_arm(uint32_t *bell) {
    uint32_t word = __atomic_load_n(bell, __ATOMIC_RELAXED);
    while (word % 2 == 0) {
        if (__atomic_compare_exchange_n(bell, &word, word + 3, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return word + 3;
    }
    return word;
}

/* Waits until there is something or `timeout` nanoseconds are over, and returns whether there is: message `above` of a queue (`slot`
 * is then not used), or a version of a vector's slot that is newer than `above`. It spins for some microseconds and then sleeps in the
 * kernel, where a writer wakes it; if the buffer is not wakeable, or its readers' file not to be written by this process, it looks in
 * slices of 50 microseconds that grow to 10 milliseconds. Signals do not end it. */
static inline int icc_wait_for(const struct icc_buffer *b, uint64_t slot, uint64_t above, uint64_t timeout) {
    enum { SPINS = 200 };
    /* The first is the longest tick of a kernel: for a shorter one it sets the core's timer, and again at each wake. */
    const uint64_t FIRST = 10000000, SLICE = 150000000;
    uint64_t begin = icc_now(), slice = 50000;
    int spin, by_bell = b->bell != NULL;
    for (spin = 0; spin < SPINS; spin++) {
        if (icc_is_there(b, slot, above)) return 1;
    }
    for (;;) {
        uint64_t passed = icc_now() - begin, left = passed < timeout ? timeout - passed : 0, most;
        struct timespec pause;
        uint32_t word = 0;
        if (icc_is_there(b, slot, above)) return 1;
        if (left == 0) return 0;
        if (by_bell) {
            word = icc_arm(b->bell);
            /* After this, a writer that has not seen the bell odd has published what the next look sees. */
            by_bell = syscall(SYS_membarrier, 2L /* GLOBAL_EXPEDITED */, 0L, 0L) == 0;
            if (icc_is_there(b, slot, above)) return 1;
        }
        most = by_bell ? (passed < FIRST ? FIRST : SLICE) : slice;
        if (most > left) most = left;
        pause.tv_sec = (time_t)(most / UINT64_C(1000000000));
        pause.tv_nsec = (long)(most % UINT64_C(1000000000));
        if (by_bell) {
            long slept = syscall(SYS_futex, b->bell, 0L /* WAIT */, (long)word, &pause, NULL, 0L);
            if (slept != 0 && errno == ENOSYS) by_bell = 0;
        } else {
            nanosleep(&pause, NULL);
            slice = slice < 5000000 ? 2 * slice : 10000000;
        }
    }
}

/* Waits for message `next` of a queue: see icc_wait_for. */
static inline int icc_wait(const struct icc_buffer *b, uint64_t next, uint64_t timeout) {
    return icc_wait_for(b, 0, next, timeout);
}

/* ---- Queues of bytes: messages of any length ---- */

/* The bytes of a message that a slot has room for: behind its version and three words. */
static inline uint64_t icc_bytes_room(const struct icc_buffer *b) {
    return b->header.element_size - 24;
}

/* The most slots of a message: a quarter of the ring. */
static inline uint64_t icc_bytes_most(const struct icc_buffer *b) {
    uint64_t most = b->header.len / 4;
    return most == 0 ? 1 : most > UINT32_MAX ? UINT32_MAX : most;
}

/* The bytes of the longest message: a buffer of so many is never too small. */
static inline uint64_t icc_bytes_longest(const struct icc_buffer *b) {
    return icc_bytes_room(b) * icc_bytes_most(b);
}

/* Whether slot number `n` is complete: 0 if so, below 0 if it is not there yet, above 0 if it was overwritten. */
static inline int icc_bytes_state(const struct icc_buffer *b, uint64_t n) {
    uint64_t version = icc_version(b, n & (b->header.len - 1)), complete = 2 * (n / b->header.len) + 2;
    return version == complete ? 0 : version < complete ? -1 : 1;
}

/* As icc_bytes_state, and copies what the slot's words say if it is complete, and bytes of it, up to what it has room for, if the words
 * are those of `part`, or `part` is NULL. */
static inline int icc_bytes_read(const struct icc_buffer *b, uint64_t n, struct icc_bytes_head *head, const struct icc_bytes_head *part,
                                 unsigned char *out, uint64_t size) {
    const unsigned char *from = icc_slot(b, n & (b->header.len - 1)) + b->payload_offset;
    int state = icc_bytes_state(b, n), same;
    uint64_t parts;
    if (state != 0) return state;
    icc_acquire();
    parts = icc_load(from);
    head->index = (uint32_t)parts;
    head->count = (uint32_t)(parts >> 32);
    head->len = icc_load(from + 8);
    head->number = icc_load(from + 16);
    same = part == NULL || memcmp(head, part, sizeof *head) == 0;
    if (same) icc_copy_bytes(from + 24, out, size < icc_bytes_room(b) ? size : icc_bytes_room(b));
    icc_acquire();
    return icc_bytes_state(b, n);
}

/* Whether a message of this queue can begin in a slot that says this. */
static inline int icc_bytes_begins(const struct icc_buffer *b, const struct icc_bytes_head *head) {
    uint64_t room = icc_bytes_room(b), count = head->count;
    if (head->index != 0 || count == 0 || count > icc_bytes_most(b)) return 0;
    return head->len <= count * room && (count == 1 || head->len > (count - 1) * room);
}

/* The first slot from `n` on at which a message begins, or that is not there yet; and, with one producer, the number of that message,
 * or ICC_UNKNOWN. Looks at no more slots than the ring has. */
static inline uint64_t icc_bytes_beginning(const struct icc_buffer *b, uint64_t n, uint64_t *number) {
    struct icc_bytes_head head;
    uint64_t left = b->header.len;
    int laps = 16; /* Each further one means that producers went round the ring meanwhile. */
    *number = ICC_UNKNOWN;
    while (left > 0 && laps > 0) {
        int state = icc_bytes_read(b, n, &head, NULL, NULL, 0);
        if (state < 0) break;
        if (state > 0) {
            uint64_t next = icc_produced(b) - b->header.len + (b->header.len < 4 ? 1 : b->header.len / 4);
            n = (int64_t)(next - n) > 0 ? next : n + 1;
            *number = ICC_UNKNOWN;
            laps--;
            continue;
        }
        *number = head.number;
        if (icc_bytes_begins(b, &head)) return n;
        *number += 1;
        n++;
        left--;
    }
    if (n == b->header.words[0]) *number = 0;
    else if (*number == ICC_UNKNOWN && icc_bytes_read(b, n - 1, &head, NULL, NULL, 0) == 0) *number = head.number + 1;
    return n;
}

/* A consumer whose first message is the one that begins at slot `n`, or the next that begins after: icc_produced(b) for the next one
 * produced, icc_oldest(b) for the oldest that is kept, or what icc_resume gave. If that slot was overwritten, what was lost is told
 * first. `b` must stay attached, and where it is. */
static inline struct icc_bytes_consumer icc_bytes_consumer_at(const struct icc_buffer *b, uint64_t n) {
    struct icc_bytes_consumer c;
    memset(&c, 0, sizeof c);
    c.buffer = b;
    c.next = n;
    c.number = n == b->header.words[0] && b->header.words[1] == 1 ? 0 : ICC_UNKNOWN;
    if (icc_bytes_state(b, n) <= 0) c.next = icc_bytes_beginning(b, n, &c.number);
    return c;
}

/* Counts the messages until number `number` as lost, which is the next then: no more than slots were lost, whatever memory says. */
static inline uint64_t icc_bytes_count(struct icc_bytes_consumer *c, uint64_t number) {
    uint64_t count = number - c->number, most = c->lost_slots - c->lost_messages;
    if (c->number == ICC_UNKNOWN || count > INT64_MAX) count = 0;
    if (count > most) count = most;
    c->lost_messages += count;
    c->number = number;
    return count;
}

/* Goes on at the first beginning from slot `to` on. `messages` is how many that loses, if no numbers tell. */
static inline enum icc_bytes_consumed icc_bytes_lose(struct icc_bytes_consumer *c, uint64_t to, uint64_t messages,
                                                     struct icc_bytes_lost *lost) {
    uint64_t number, next = icc_bytes_beginning(c->buffer, to, &number);
    lost->first = c->next;
    lost->next = next;
    lost->messages = messages;
    c->lost_slots += next - c->next;
    c->next = next;
    if (c->buffer->header.words[1] != 1) return ICC_BYTES_LOST;
    if (c->number != ICC_UNKNOWN) lost->messages = number == ICC_UNKNOWN ? 0 : icc_bytes_count(c, number);
    else c->number = number;
    return ICC_BYTES_LOST;
}

/* When slot `n` of the next message is not complete: nothing yet, or what was lost because it was overwritten. */
static inline enum icc_bytes_consumed icc_bytes_missed(struct icc_bytes_consumer *c, uint64_t n, struct icc_bytes_lost *lost) {
    uint64_t version = icc_version(c->buffer, n & (c->buffer->header.len - 1)), resume;
    if (version <= 2 * (n / c->buffer->header.len) + 2) return ICC_BYTES_EMPTY;
    resume = icc_after_overwritten(c->buffer, n, version);
    return icc_bytes_lose(c, resume > c->next ? resume : c->next + 1, ICC_UNKNOWN, lost);
}

/* Where the message at `c->next`, which says this, ends too early: the first slot that holds another one, or one that was overwritten.
 * Otherwise `c->next`. */
static inline uint64_t icc_bytes_cut_short(const struct icc_bytes_consumer *c, struct icc_bytes_head part) {
    struct icc_bytes_head head;
    for (part.index = 1; part.index < part.count; part.index++) {
        int state = icc_bytes_read(c->buffer, c->next + part.index, &head, NULL, NULL, 0);
        if (state < 0) break;
        if (state > 0 || memcmp(&head, &part, sizeof head) != 0) return c->next + part.index;
    }
    return c->next;
}

/* As icc_left_out, for queues of bytes: for when there has been nothing for a while. */
static inline enum icc_bytes_consumed icc_bytes_left_out(struct icc_bytes_consumer *c, struct icc_bytes_lost *lost) {
    struct icc_bytes_head head;
    struct icc_lost slots;
    uint64_t n = c->next, end;
    if (icc_bytes_read(c->buffer, n, &head, NULL, NULL, 0) == 0 && icc_bytes_begins(c->buffer, &head)) {
        for (end = n + head.count; n != end && icc_bytes_state(c->buffer, n) == 0; n++) {}
        if (n == end) return ICC_BYTES_EMPTY; /* It came meanwhile. */
    }
    if (icc_left_out(c->buffer, &n, &slots) != ICC_LOST) return ICC_BYTES_EMPTY;
    return icc_bytes_lose(c, n, ICC_UNKNOWN, lost);
}

/* The next message, into `out`, which has `size` bytes; `*len` is then how many the message has. ICC_BYTES_TOO_SMALL if those are more
 * than `size`: it stays the next one, and nothing is lost. ICC_BYTES_LOST if it was overwritten, or its one producer died before it was
 * whole and another one went on: `*lost` tells, and the consumer goes on after that, as icc_try_consume does. ICC_BYTES_EMPTY if it is
 * not there yet, or not all of it. What `out` holds is a message after ICC_BYTES_MESSAGE alone. */
static inline enum icc_bytes_consumed icc_bytes_try_consume(struct icc_bytes_consumer *c, void *out, uint64_t size, uint64_t *len,
                                                            struct icc_bytes_lost *lost) {
    const struct icc_buffer *b = c->buffer;
    struct icc_bytes_head head, found;
    uint64_t room = icc_bytes_room(b), done = 0, n = c->next;
    int state = icc_bytes_read(b, n, &head, NULL, NULL, 0);
    if (state == 0 && !icc_bytes_begins(b, &head)) {
        /* It began in the middle of a message: nothing of that is lost. Later, memory is not what was written. */
        if (c->received != 0 || c->lost_slots != 0) return icc_bytes_lose(c, n + 1, ICC_UNKNOWN, lost);
        n = c->next = icc_bytes_beginning(b, n + 1, &c->number);
        state = icc_bytes_read(b, n, &head, NULL, NULL, 0);
        if (state == 0 && !icc_bytes_begins(b, &head)) return ICC_BYTES_EMPTY;
    }
    if (state != 0) return icc_bytes_missed(c, n, lost);
    /* The last is written last: before it is there, those before it need no look, or not each time. */
    state = icc_bytes_state(b, n + head.count - 1);
    if (state < 0 && ++c->partial % 64 == 0) {
        uint64_t end = icc_bytes_cut_short(c, head);
        if (end != n && icc_bytes_state(b, end) <= 0) return icc_bytes_lose(c, end, 1, lost);
        if (end != n) return icc_bytes_missed(c, end, lost);
    }
    if (state < 0) return ICC_BYTES_EMPTY;
    if (state > 0) return icc_bytes_missed(c, n + head.count - 1, lost);
    if (head.len > size) {
        *len = head.len;
        return ICC_BYTES_TOO_SMALL;
    }
    /* Of `head` this has a copy, and `len` is no more than `count` slots have room for: each piece fits its slot and `out`. */
    for (head.index = 0; head.index < head.count; head.index++) {
        uint64_t piece = head.len - done < room ? head.len - done : room, m = n + head.index;
        if (icc_bytes_read(b, m, &found, &head, (unsigned char *)out + done, piece) != 0) return icc_bytes_missed(c, m, lost);
        if (memcmp(&found, &head, sizeof head) != 0) return icc_bytes_lose(c, m > n ? m : n + 1, 1, lost);
        done += piece;
    }
    if (b->header.words[1] == 1) {
        icc_bytes_count(c, head.number);
        c->number = head.number + 1;
    }
    c->next = n + head.count;
    c->received++;
    *len = head.len;
    return ICC_BYTES_MESSAGE;
}

/* Waits until icc_bytes_try_consume finds a message or a loss, or `timeout` nanoseconds are over, and returns whether it will: see
 * icc_wait_for. */
static inline int icc_bytes_wait(struct icc_bytes_consumer *c, uint64_t timeout) {
    const uint64_t SLICE = 100000000;
    uint64_t begin = icc_now();
    for (;;) {
        struct icc_bytes_head head;
        uint64_t passed = icc_now() - begin, left = passed < timeout ? timeout - passed : 0, last = c->next;
        int state = icc_bytes_read(c->buffer, c->next, &head, NULL, NULL, 0);
        if (state > 0 || (state == 0 && !icc_bytes_begins(c->buffer, &head))) return 1;
        if (state == 0) {
            last += head.count - 1;
            if (icc_bytes_state(c->buffer, last) >= 0) return 1;
            if (icc_bytes_cut_short(c, head) != c->next) {
                c->partial = 63; /* The next try finds it out, too. */
                return 1;
            }
        }
        if (left == 0) return 0;
        /* The rest of a message may be cut short. */
        icc_wait_for(c->buffer, 0, last, last != c->next && left > SLICE ? SLICE : left);
    }
}

/* ---- Schema ---- */

/* Copies the schema's text, which says what the payload's fields are, and a zero behind it. Returns its length, which is 0 without
 * one; or 0 if `room` is less than that and one more. ICC_MAX_SCHEMA + 1 always is enough. Of what is found there, trust nothing. */
static inline size_t icc_schema(const struct icc_buffer *b, char *out, size_t room) {
    uint64_t done, len = b->header.schema_len;
    if (len >= room) return 0;
    for (done = 0; done < len; done++) {
        out[done] = (char)__atomic_load_n(b->start + b->header.schema_offset + done, __ATOMIC_RELAXED);
    }
    out[len] = 0;
    return (size_t)len;
}

/* Behind the JSON value that begins at `at`, or NULL if the text ends in it. */
static inline const char *icc_skip_value(const char *at, const char *end) {
    int depth = 0, quoted = 0;
    for (; at < end; at++) {
        if (quoted) {
            if (*at == '\\') at++;
            else if (*at == '"') quoted = 0;
            if (!quoted && depth == 0) return at + 1 <= end ? at + 1 : NULL;
        } else if (*at == '"') {
            quoted = 1;
        } else if (*at == '[' || *at == '{') {
            depth++;
        } else if (*at == ']' || *at == '}' || *at == ',') {
            if (depth == 0) return at; /* Behind a number or a word. */
            if (*at != ',' && --depth == 0) return at + 1;
        }
    }
    return depth == 0 && !quoted ? end : NULL;
}

/* The list under `key` of the struct whose text begins at `text`: behind its "[", or NULL. */
static inline const char *icc_list_of(const char *text, const char *end, const char *key) {
    size_t len = strlen(key);
    const char *at = text;
    if (at >= end || *at++ != '{') return NULL;
    while (at < end) {
        const char *name = at, *value = icc_skip_value(at, end);
        if (value == NULL || value >= end || *value != ':') return NULL;
        if ((size_t)(value - name) == len + 2 && memcmp(name + 1, key, len) == 0) {
            return value + 1 < end && value[1] == '[' ? value + 2 : NULL;
        }
        at = icc_skip_value(value + 1, end);
        if (at == NULL || at >= end || *at != ',') return NULL;
        at++;
    }
    return NULL;
}

/* Item `index` of a list, of which `at` is the first. */
static inline const char *icc_item(const char *at, const char *end, size_t index) {
    while (at != NULL && index-- > 0) {
        at = icc_skip_value(at, end);
        at = at != NULL && at < end && *at == ',' ? at + 1 : NULL;
    }
    return at;
}

/* Finds a field by its name in a schema's text, or in the format of a field that is a struct. Returns whether there is one. The name
 * is compared as JSON writes it: one with quotes, backslashes or control characters is not found. */
static inline int icc_find_field(const char *text, size_t text_len, const char *name, struct icc_field *field) {
    const char *end = text + text_len, *at = icc_list_of(text, end, "names"), *found;
    size_t index = 0, len = strlen(name);
    for (;; index++) {
        const char *behind = at != NULL ? icc_skip_value(at, end) : NULL;
        if (behind == NULL || at >= end || *at != '"') return 0;
        if ((size_t)(behind - at) == len + 2 && memcmp(at + 1, name, len) == 0) break;
        if (behind >= end || *behind != ',') return 0;
        at = behind + 1;
    }
    at = icc_item(icc_list_of(text, end, "formats"), end, index);
    found = at != NULL ? icc_skip_value(at, end) : NULL;
    if (found == NULL || found == at) return 0;
    field->format = at;
    field->format_len = (size_t)(found - at);
    at = icc_item(icc_list_of(text, end, "offsets"), end, index);
    if (at == NULL || at >= end || *at < '0' || *at > '9') return 0;
    for (field->offset = 0; at < end && *at >= '0' && *at <= '9' && field->offset < 1000000000; at++) {
        field->offset = 10 * field->offset + (uint64_t)(*at - '0');
    }
    return 1;
}

#ifdef __cplusplus
}
#endif

#endif
