/* What cbmc proves of icc.h: whatever a file holds, and however it changes meanwhile, a reader that attached to it reads nothing
 * outside of the mapping. `cargo xtask cbmc` runs each function below.
 *
 * The shared memory of these proofs has no content: each load gives an arbitrary value, so that the same word may differ from load to
 * load, as if a hostile process wrote there all the time. What is proved at each load is that it is inside of the mapping and aligned.
 *
 * Bounds: the file's size (SIZE), so that products of 64-bit numbers stay within what a solver can do, and with it the payload; the
 * header's numbers have all their 64 bits. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>

#ifndef SIZE
#define SIZE 4096
#endif

uint64_t nondet_u64(void);
unsigned char nondet_byte(void);

/* The mapping: an object of `mapped` bytes that nothing is ever written to. */
static const unsigned char *mapping;
static uint64_t mapped;

static uint64_t icc_proof_load(const void *from, uint64_t bytes) {
    uint64_t offset = (uint64_t)__CPROVER_POINTER_OFFSET(from);
    __CPROVER_assert(__CPROVER_same_object(from, mapping), "a load from the mapping");
    __CPROVER_assert(offset <= mapped && bytes <= mapped - offset, "a load inside of the mapping");
    __CPROVER_assert(offset % bytes == 0, "an aligned load");
    return nondet_u64();
}

/* What the caller gives to be filled: an object of `given` bytes, which the proofs never read. Copies to it are checked and not made. */
static unsigned char *filled;
static uint64_t given;

static void icc_proof_copy(void *to, const void *from, uint64_t bytes) {
    if (filled != NULL && __CPROVER_same_object(to, filled)) {
        uint64_t offset = (uint64_t)__CPROVER_POINTER_OFFSET(to);
        __CPROVER_assert(offset <= given && bytes <= given - offset, "a copy inside of what the caller gave");
    } else {
        uint64_t n;
        for (n = 0; n < bytes; n++) ((unsigned char *)to)[n] = ((const unsigned char *)from)[n];
    }
}

static unsigned char *fill(uint64_t bytes) {
    given = bytes;
    return filled = __CPROVER_allocate(bytes, 0);
}

#define __atomic_load_n(from, order) ((__typeof__(*(from) + 0))icc_proof_load((from), sizeof *(from)))
#define __atomic_thread_fence(order) ((void)0)
#include <string.h>
#define memcpy(to, from, bytes) icc_proof_copy((to), (from), (bytes))
#ifdef TEXT
/* For the copy of icc.h whose loops are cut: xtask/src/cbmc_cuts.rs says what that is. Comparisons and lengths of texts give anything. */
static int icc_proof_memcmp(const void *one, const void *other, uint64_t bytes) {
    __CPROVER_assert(__CPROVER_r_ok(one, bytes) && __CPROVER_r_ok(other, bytes), "a comparison within both");
    return (int)nondet_u64();
}
static size_t icc_proof_strlen(const char *text) {
    size_t len = nondet_u64();
    __CPROVER_assume(len <= TEXT && __CPROVER_r_ok(text, len + 1));
    return len;
}
#define memcmp(one, other, bytes) icc_proof_memcmp((one), (other), (bytes))
#define strlen(text) icc_proof_strlen(text)

static int icc_proof_int(void) { return (int)nondet_u64(); }

/* The end of a round. */
static void icc_proof_end(void) { __CPROVER_assume(0); }

/* Any place from `low` to `high`, as which the first one is, too. */
static void icc_proof_place(const char **at, const char *low, const char *high) {
    uint64_t more = nondet_u64();
    __CPROVER_assert(*at >= low && *at <= high, "a place before the loop");
    __CPROVER_assume(more <= (uint64_t)(high - low));
    *at = low + more;
}
static void icc_proof_again(const char *at, const char *low, const char *high) {
    __CPROVER_assert(at >= low && at <= high, "a place after a round");
    icc_proof_end();
}

/* How deep a value is nested: no deeper than there were bytes. */
static int icc_proof_depth(int64_t most) {
    int depth = icc_proof_int();
    __CPROVER_assume(depth >= 0 && depth <= most);
    return depth;
}
static void icc_proof_depth_again(int depth, int64_t most) { __CPROVER_assert(depth >= 0 && depth <= most, "a depth after a round"); }

/* The end of a value: the proof `any_value` shows that it is there. */
static const char *icc_proof_somewhere(const char *at, const char *end) {
    uint64_t more = nondet_u64();
    __CPROVER_assert(__CPROVER_same_object(at, end) && at <= end, "a place in the text");
    if (nondet_byte()) return NULL;
    __CPROVER_assume(more <= (uint64_t)(end - at));
    return at + more;
}

/* How much of a message is done: no more than all. */
static uint64_t icc_proof_done(uint64_t done, uint64_t most) {
    __CPROVER_assert(done <= most, "what is done before the loop");
    done = nondet_u64();
    __CPROVER_assume(done <= most);
    return done;
}
static void icc_proof_done_again(uint64_t done, uint64_t most) {
    __CPROVER_assert(done <= most, "what is done after a round");
    icc_proof_end();
}

/* A slot of a message: the proof `piece` shows what it loads. */
struct icc_bytes_head;
static int icc_proof_bytes_read(struct icc_bytes_head *head, unsigned char *out, uint64_t size);
#endif
#include "../include/icc.h"

struct icc_header nondet_header(void);

/* A mapping of any size up to the bound. */
static void map(struct icc_buffer *b) {
    mapped = nondet_u64();
    /* As icc_map demands. */
    __CPROVER_assume(mapped >= sizeof(struct icc_header) && mapped <= SIZE);
    mapping = __CPROVER_allocate(mapped, 0);
    b->start = mapping;
    b->size = mapped;
    b->bell = NULL;
    b->bell_size = 0;
}

/* What icc_attach makes of it, where it finds nothing wrong: a copy of whatever header the checks let pass. */
static int attached(struct icc_buffer *b, const char *kind) {
    map(b);
    b->header = nondet_header();
    b->payload_offset = b->header.element_align > 8 ? b->header.element_align : 8;
    if (icc_check(&b->header, b->size, b->payload_offset, kind) != NULL) return 0;
#ifdef LEN
    if (b->header.len != LEN) return 0;
    b->header.len = LEN; /* A constant to divide by. */
#endif
    return 1;
}

/* The header is copied from the mapping, whole and once. */
void copy(void) {
    struct icc_buffer b;
    map(&b);
    icc_copy_header(&b.header, b.start);
}

/* What the header says is inside of the file, and nothing overlaps. */
void header(void) {
    struct icc_buffer b;
    const struct icc_header *h = &b.header;
    uint64_t slot = nondet_u64(), at;
    const char *kinds[] = {"queue", "vector", "bytes"};
    uint64_t kind = nondet_u64();
    __CPROVER_assume(kind < 3);
    if (!attached(&b, kinds[kind])) return;
    __CPROVER_assert((h->features_to_read & ~ICC_GAPS) == 0, "nothing is asked for that this reader does not know");
    __CPROVER_assert(h->schema_len <= ICC_MAX_SCHEMA && h->schema_offset + h->schema_len <= b.size, "the schema is in the file");
    __CPROVER_assert(h->keys_offset <= b.size && h->keys_len <= b.size - h->keys_offset, "the keys are in the file");
    __CPROVER_assert(h->counters_offset % 128 == 0 && h->counters <= (b.size - h->counters_offset) / 128, "the counters are in the file");
    __CPROVER_assert(h->slots_offset >= h->counters_offset + 128 * h->counters, "the slots are behind the counters");
    __CPROVER_assert(h->len != 0, "there is a slot");
    __CPROVER_assume(slot < h->len);
    at = h->slots_offset + h->stride * slot;
    __CPROVER_assert(h->stride <= SIZE && slot <= SIZE, "nothing wraps");
    __CPROVER_assert(at % 8 == 0 && (at + b.payload_offset) % h->element_align == 0, "a slot and its payload are aligned");
    __CPROVER_assert(at <= b.size && b.payload_offset + h->element_size <= b.size - at, "each slot is in the file");
    __CPROVER_assert(kind == 1 || (h->len & (h->len - 1)) == 0, "a ring is a power of two");
    __CPROVER_assert(kind == 1 || h->counters >= 1, "a queue has its head");
    __CPROVER_assert(kind != 2 || h->element_size >= 32, "a slot of bytes has room for its words and a byte");
}

/* One attempt at a slot of a vector: inside of the mapping and of the buffer for the value. */
void vector(void) {
    struct icc_buffer b;
    uint64_t slot = nondet_u64(), version;
    unsigned char *out;
    if (!attached(&b, "vector")) return;
    __CPROVER_assume(slot < b.header.len);
    out = fill(b.header.element_size);
    icc_try_read(&b, slot, out, &version);
}

/* Any message of a queue, wherever a consumer is. */
void queue(void) {
    struct icc_buffer b;
    uint64_t next = nondet_u64(), before = next;
    struct icc_lost lost;
    unsigned char *out;
    if (!attached(&b, "queue")) return;
    out = fill(b.header.element_size);
    if (icc_try_consume(&b, &next, out, &lost) == ICC_MESSAGE) __CPROVER_assert(next == before + 1, "a message is one further");
}

/* One slot of a message, wherever it is and however many bytes of it are asked for. */
void piece(void) {
    struct icc_buffer b;
    struct icc_bytes_head found, part;
    uint64_t size = nondet_u64();
    unsigned char *out;
    if (!attached(&b, "bytes")) return;
    __CPROVER_assume(size <= SIZE);
    out = fill(size);
    part.index = (uint32_t)nondet_u64();
    part.count = (uint32_t)nondet_u64();
    part.len = nondet_u64();
    part.number = nondet_u64();
    icc_bytes_read(&b, nondet_u64(), &found, nondet_byte() ? &part : NULL, out, size);
}

/* Where a queue begins, ends and goes on. */
void places(void) {
    struct icc_buffer b;
    struct icc_position position;
    struct icc_lost lost;
    uint64_t next = nondet_u64();
    if (!attached(&b, "queue")) return;
    position.instance = nondet_u64();
    position.sequence = nondet_u64();
    icc_oldest(&b);
    icc_resume(&b, position, &next);
    icc_left_out(&b, &next, &lost);
}

/* The schema's text, into a buffer that may be too small for it. */
void schema(void) {
    struct icc_buffer b;
    uint64_t room = nondet_u64();
    char *out;
    size_t len;
    if (!attached(&b, "vector")) return;
    __CPROVER_assume(room > 0 && room <= SIZE);
    out = (char *)fill(room);
    len = icc_schema(&b, out, room);
    __CPROVER_assert(len < room, "the text and its end fit");
}

/* A value in any text at all: what is behind it is in the text, too. */
void value(void) {
    enum { MOST = 16 };
    size_t len = nondet_u64();
    const char *text, *behind;
    __CPROVER_assume(len <= MOST);
    text = __CPROVER_allocate(len + 1, 0);
    __CPROVER_assume(text[len] == 0);
    behind = icc_skip_value(text, text + len);
    __CPROVER_assert(behind == NULL || (behind >= text && behind <= text + len), "the end of the value is in the text");
}

#ifdef TEXT
static const char *any_text(size_t *len) {
    const char *text;
    *len = nondet_u64();
    __CPROVER_assume(*len <= TEXT);
    text = __CPROVER_allocate(*len + 1, 0);
    __CPROVER_assume(text[*len] == 0);
    return text;
}

/* As `value`, in a text as long as a schema. */
void any_value(void) {
    size_t len, from = nondet_u64();
    const char *text = any_text(&len), *behind;
    __CPROVER_assume(from <= len);
    behind = icc_skip_value(text + from, text + len);
    __CPROVER_assert(behind == NULL || (behind >= text + from && behind <= text + len), "the end of the value is in the text");
}

/* Where a list begins, whatever it is called. */
void list(void) {
    size_t len, from = nondet_u64();
    const char *text = any_text(&len), *key = __CPROVER_allocate(9, 0), *found;
    __CPROVER_assume(from <= len);
    found = icc_list_of(text + from, text + len, key);
    __CPROVER_assert(found == NULL || (found >= text + from && found <= text + len), "the list is in the text");
}

/* Any of its items. */
void item(void) {
    size_t len, from = nondet_u64();
    const char *text = any_text(&len), *found;
    __CPROVER_assume(from <= len);
    found = icc_item(nondet_byte() ? text + from : NULL, text + len, nondet_u64());
    __CPROVER_assert(found == NULL || (found >= text + from && found <= text + len), "the item is in the text");
}

struct icc_bytes_head nondet_head(void);

static int icc_proof_bytes_read(struct icc_bytes_head *head, unsigned char *out, uint64_t size) {
    uint64_t offset = (uint64_t)__CPROVER_POINTER_OFFSET(out);
    if (size != 0) {
        __CPROVER_assert(__CPROVER_same_object(out, filled), "a piece into what the caller gave");
        __CPROVER_assert(offset <= given && size <= given - offset, "a piece inside of what the caller gave");
    }
    *head = nondet_head();
    return icc_proof_int();
}

/* A message of any number of pieces, into a buffer that may be too small for it. */
void message(void) {
    struct icc_buffer b;
    struct icc_bytes_consumer c;
    struct icc_bytes_lost lost;
    uint64_t size = nondet_u64(), len;
    unsigned char *out;
    if (!attached(&b, "bytes")) return;
    __CPROVER_assume(size <= 1048576);
    out = fill(size);
    c.buffer = &b;
    c.next = nondet_u64();
    c.number = nondet_u64();
    c.received = nondet_u64();
    c.lost_slots = nondet_u64();
    c.lost_messages = nondet_u64();
    c.partial = (uint32_t)nondet_u64();
    if (icc_bytes_try_consume(&c, out, size, &len, &lost) == ICC_BYTES_MESSAGE) __CPROVER_assert(len <= size, "the message fits");
}
#endif
