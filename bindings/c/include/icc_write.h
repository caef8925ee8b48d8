/* Creating, producing and writing from C and C++: the header of the library icc_c, made from bindings/c/src by cbindgen.
 * Reading needs no library: icc.h. Types for C++ over this: icc_write.hpp. */

#ifndef ICC_WRITE_H
#define ICC_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a call tells. Of all but ICC_STATUS_OK, icc_error_text has the text, and nothing has changed.
enum icc_status {
    // It is done.
    ICC_STATUS_OK,
    // An argument cannot be: a null pointer, a text that is no UTF-8, a capacity that is no power of two.
    ICC_STATUS_INVALID,
    // There is no buffer of this name.
    ICC_STATUS_NOT_FOUND,
    // There is one already.
    ICC_STATUS_ALREADY_EXISTS,
    // What is there is another thing than asked for: another kind, mode or type.
    ICC_STATUS_OTHER,
    // Others have all the places: the one producer lives, or the slots have a writer.
    ICC_STATUS_TAKEN,
    // Another producer or writer is just there, and waiting was not asked for, or was too long.
    ICC_STATUS_BUSY,
    // This is a child process made by fork, and the handle its parent's.
    ICC_STATUS_FORKED,
    // There is no such slot, or it is not this writer's.
    ICC_STATUS_OUT_OF_RANGE,
    // The system refuses: permissions, memory, space.
    ICC_STATUS_SYSTEM,
    // A mistake in the library itself.
    ICC_STATUS_PANICKED,
};

// A producer of a queue of bytes. One thread at a time may use it.
struct icc_bytes_producer;

// A producer of a queue. One thread at a time may use it.
struct icc_producer;

// A writer of a vector. One thread at a time may use it.
struct icc_writer;

// What a queue is to be. All zeros but the capacity is a queue for one producer.
struct icc_queue_spec {
    // How many messages it keeps: a power of two, at least 2.
    uint64_t capacity;
    // The sequence number of the first message.
    uint64_t first;
    // The most producers at a time, up to 1,024; 0 for a queue of one producer, which is the cheapest.
    uint32_t max_producers;
    // Whether consumers can sleep until a message wakes them. Costs producers a load a message.
    bool wakeable;
    // Whether consumers can be seen.
    bool seen;
    // Whether the one producer may leave sequence numbers out: icc_producer_produce_at.
    bool gaps;
};

// The permissions of the files. NULL in its place is 0600 for both.
struct icc_files {
    // Of the buffer itself. Who may only read it can read it all and change nothing.
    uint32_t mode;
    // Of the readers' file, if the buffer is wakeable or seen: who may write it can sleep and be seen.
    uint32_t readers_mode;
};

// What the messages or values are.
struct icc_payload {
    // Bytes of each: sizeof.
    uint64_t size;
    // Its alignment: _Alignof.
    uint64_t align;
    // The type's name, in UTF-8; or NULL. A program in Rust that does not describe its type opens only what has the
    // name that Rust gives it, such as "u64", "[f64; 3]" or "feed::Quote".
    const char *type_name;
    // What its fields are: NumPy's dtype dictionary as JSON, such as
    // `{"names":["bid","ask"],"formats":["<f8","<f8"],"offsets":[0,8],"itemsize":16}`; or NULL. Where both sides have a
    // schema, these are compared in place of the names.
    const char *schema;
};

// What a vector is to be. All zeros but the length is one that many may write.
struct icc_vector_spec {
    // The number of slots.
    uint64_t len;
    // Whether each slot has one writer at a time, which is cheaper.
    bool single_writer;
    // Whether changes are counted, so that readers find what changed in a large vector.
    bool tracked;
    // Whether readers can sleep until a change wakes them.
    bool wakeable;
    // The names of the slots, `len` of them; or NULL.
    const char *const *keys;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Creates a queue of bytes, whose messages may have any length up to a quarter of the ring. The capacity of
// the spec counts slots. `slot_size` is the bytes of a slot, a multiple of 8 from 40 to
// 65,536, of which 32 are no message's; 0 is 256. Names are as those of queues.
enum icc_status icc_bytes_create(const char *queue,
                                 const struct icc_queue_spec *spec,
                                 uint64_t slot_size,
                                 const struct icc_files *files);

// Opens a queue of bytes to produce into it. ICC_STATUS_TAKEN while as many producers live as the queue takes,
// in whatever process.
enum icc_status icc_bytes_producer_open(const char *queue,
                                        struct icc_bytes_producer **producer);

// Puts a message of `size` bytes into the queue; it may be empty. `slot` gets the number of its first slot, unless it
// is NULL. ICC_STATUS_INVALID if it is longer than icc_bytes_producer_longest. Waits as icc_producer_produce does.
enum icc_status icc_bytes_producer_produce(struct icc_bytes_producer *producer,
                                           const void *message,
                                           size_t size,
                                           uint64_t *slot);

// As icc_bytes_producer_produce, but never waits: ICC_STATUS_BUSY where that would.
enum icc_status icc_bytes_producer_try_produce(struct icc_bytes_producer *producer,
                                               const void *message,
                                               size_t size,
                                               uint64_t *slot);

// The bytes of the longest message, or 0 for NULL.
uint64_t icc_bytes_producer_longest(const struct icc_bytes_producer *producer);

// The number of the next slot, or 0 for NULL. With many producers, another may take it first.
uint64_t icc_bytes_producer_next(const struct icc_bytes_producer *producer);

// Lets the producer go, so that another may take its place. NULL is nothing.
void icc_bytes_producer_close(struct icc_bytes_producer *producer);

// Creates a queue. A bare name is a file in /dev/shm; anything with a slash is a path. It stays until
// icc_remove.
enum icc_status icc_queue_create(const char *queue,
                                 const struct icc_payload *payload,
                                 const struct icc_queue_spec *spec,
                                 const struct icc_files *files);

// Creates a vector. Names are as those of queues.
enum icc_status icc_vector_create(const char *vector,
                                  const struct icc_payload *payload,
                                  const struct icc_vector_spec *spec,
                                  const struct icc_files *files);

// Removes a queue or vector, with the files beside it. Those who have it open keep it.
enum icc_status icc_remove(const char *buffer);

// The text of the last error in this thread, or an empty one. It stays until the next error in this
// thread.
const char *icc_error_text(void);

// Creates a queue of bytes, whose messages may have any length up to a quarter of the ring. The capacity of
// the spec counts slots. `slot_size` is the bytes of a slot, a multiple of 8 from 40 to
// 65,536, of which 32 are no message's; 0 is 256. Names are as those of queues.
enum icc_status icc_bytes_create(const char *queue,
                                 const struct icc_queue_spec *spec,
                                 uint64_t slot_size,
                                 const struct icc_files *files);

// Opens a queue of bytes to produce into it. ICC_STATUS_TAKEN while as many producers live as the queue takes,
// in whatever process.
enum icc_status icc_bytes_producer_open(const char *queue,
                                        struct icc_bytes_producer **producer);

// Puts a message of `size` bytes into the queue; it may be empty. `slot` gets the number of its first slot, unless it
// is NULL. ICC_STATUS_INVALID if it is longer than icc_bytes_producer_longest. Waits as icc_producer_produce does.
enum icc_status icc_bytes_producer_produce(struct icc_bytes_producer *producer,
                                           const void *message,
                                           size_t size,
                                           uint64_t *slot);

// As icc_bytes_producer_produce, but never waits: ICC_STATUS_BUSY where that would.
enum icc_status icc_bytes_producer_try_produce(struct icc_bytes_producer *producer,
                                               const void *message,
                                               size_t size,
                                               uint64_t *slot);

// The bytes of the longest message, or 0 for NULL.
uint64_t icc_bytes_producer_longest(const struct icc_bytes_producer *producer);

// The number of the next slot, or 0 for NULL. With many producers, another may take it first.
uint64_t icc_bytes_producer_next(const struct icc_bytes_producer *producer);

// Lets the producer go, so that another may take its place. NULL is nothing.
void icc_bytes_producer_close(struct icc_bytes_producer *producer);

// Creates a queue. A bare name is a file in /dev/shm; anything with a slash is a path. It stays until
// icc_remove.
enum icc_status icc_queue_create(const char *queue,
                                 const struct icc_payload *payload,
                                 const struct icc_queue_spec *spec,
                                 const struct icc_files *files);

// Creates a vector. Names are as those of queues.
enum icc_status icc_vector_create(const char *vector,
                                  const struct icc_payload *payload,
                                  const struct icc_vector_spec *spec,
                                  const struct icc_files *files);

// Removes a queue or vector, with the files beside it. Those who have it open keep it.
enum icc_status icc_remove(const char *buffer);

// The text of the last error in this thread, or an empty one. It stays until the next error in this
// thread.
const char *icc_error_text(void);

// Opens a queue to produce into it. The payload is compared with what the queue has; NULL takes any.
// ICC_STATUS_TAKEN while as many producers live as the queue takes, in whatever process.
enum icc_status icc_producer_open(const char *queue,
                                  const struct icc_payload *payload,
                                  struct icc_producer **producer);

// Puts a message into the queue: as many bytes as the queue's messages have. `sequence` gets its sequence
// number, unless it is NULL. Waits only for another producer that is a whole ring behind, and for consumers that hold.
enum icc_status icc_producer_produce(struct icc_producer *producer,
                                     const void *message,
                                     uint64_t *sequence);

// As icc_producer_produce, but never waits: ICC_STATUS_BUSY where that would.
enum icc_status icc_producer_try_produce(struct icc_producer *producer,
                                         const void *message,
                                         uint64_t *sequence);

// Puts `count` messages into the queue that lie one behind the other, with no other producer's between.
// `first` gets the sequence number of the first, unless it is NULL.
enum icc_status icc_producer_produce_batch(struct icc_producer *producer,
                                           const void *messages,
                                           size_t count,
                                           uint64_t *first);

// Puts a message into the queue under the number `sequence`, and leaves out those before it that were not
// produced. The queue must have been created for it.
enum icc_status icc_producer_produce_at(struct icc_producer *producer,
                                        uint64_t sequence,
                                        const void *message);

// The bytes of a message, or 0 for NULL.
uint64_t icc_producer_message_size(const struct icc_producer *producer);

// The sequence number of the next message, or 0 for NULL. With many producers, another may take it first.
uint64_t icc_producer_next(const struct icc_producer *producer);

// Lets the producer go, so that another may take its place. NULL is nothing.
void icc_producer_close(struct icc_producer *producer);

// Opens a vector to write its slots `first` to `end` - 1; 0 and 0 are all. The payload is compared with
// what the vector has; NULL takes any. Of a vector with one writer a slot, ICC_STATUS_TAKEN while another
// has one of them; of one that many may write, any range is all.
enum icc_status icc_writer_open(const char *vector,
                                const struct icc_payload *payload,
                                uint64_t first,
                                uint64_t end,
                                struct icc_writer **writer);

// Writes a value into a slot: as many bytes as the vector's values have. `version` gets the slot's new
// version, unless it is NULL.
enum icc_status icc_writer_write(struct icc_writer *writer,
                                 uint64_t slot,
                                 const void *value,
                                 uint64_t *version);

// The bytes of a value, or 0 for NULL.
uint64_t icc_writer_value_size(const struct icc_writer *writer);

// The slots that it may write: `first` to `end` - 1.
enum icc_status icc_writer_slots(const struct icc_writer *writer,
                                 uint64_t *first,
                                 uint64_t *end);

// Lets the writer go, so that another may have its slots. NULL is nothing.
void icc_writer_close(struct icc_writer *writer);

// Opens a queue to produce into it. The payload is compared with what the queue has; NULL takes any.
// ICC_STATUS_TAKEN while as many producers live as the queue takes, in whatever process.
enum icc_status icc_producer_open(const char *queue,
                                  const struct icc_payload *payload,
                                  struct icc_producer **producer);

// Puts a message into the queue: as many bytes as the queue's messages have. `sequence` gets its sequence
// number, unless it is NULL. Waits only for another producer that is a whole ring behind, and for consumers that hold.
enum icc_status icc_producer_produce(struct icc_producer *producer,
                                     const void *message,
                                     uint64_t *sequence);

// As icc_producer_produce, but never waits: ICC_STATUS_BUSY where that would.
enum icc_status icc_producer_try_produce(struct icc_producer *producer,
                                         const void *message,
                                         uint64_t *sequence);

// Puts `count` messages into the queue that lie one behind the other, with no other producer's between.
// `first` gets the sequence number of the first, unless it is NULL.
enum icc_status icc_producer_produce_batch(struct icc_producer *producer,
                                           const void *messages,
                                           size_t count,
                                           uint64_t *first);

// Puts a message into the queue under the number `sequence`, and leaves out those before it that were not
// produced. The queue must have been created for it.
enum icc_status icc_producer_produce_at(struct icc_producer *producer,
                                        uint64_t sequence,
                                        const void *message);

// The bytes of a message, or 0 for NULL.
uint64_t icc_producer_message_size(const struct icc_producer *producer);

// The sequence number of the next message, or 0 for NULL. With many producers, another may take it first.
uint64_t icc_producer_next(const struct icc_producer *producer);

// Lets the producer go, so that another may take its place. NULL is nothing.
void icc_producer_close(struct icc_producer *producer);

// Opens a vector to write its slots `first` to `end` - 1; 0 and 0 are all. The payload is compared with
// what the vector has; NULL takes any. Of a vector with one writer a slot, ICC_STATUS_TAKEN while another
// has one of them; of one that many may write, any range is all.
enum icc_status icc_writer_open(const char *vector,
                                const struct icc_payload *payload,
                                uint64_t first,
                                uint64_t end,
                                struct icc_writer **writer);

// Writes a value into a slot: as many bytes as the vector's values have. `version` gets the slot's new
// version, unless it is NULL.
enum icc_status icc_writer_write(struct icc_writer *writer,
                                 uint64_t slot,
                                 const void *value,
                                 uint64_t *version);

// The bytes of a value, or 0 for NULL.
uint64_t icc_writer_value_size(const struct icc_writer *writer);

// The slots that it may write: `first` to `end` - 1.
enum icc_status icc_writer_slots(const struct icc_writer *writer,
                                 uint64_t *first,
                                 uint64_t *end);

// Lets the writer go, so that another may have its slots. NULL is nothing.
void icc_writer_close(struct icc_writer *writer);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ICC_WRITE_H */
