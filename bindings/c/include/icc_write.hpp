// Producing and writing from C++: types over icc_write.h. C++11 and later. Link the library icc_c.
#ifndef ICC_WRITE_HPP
#define ICC_WRITE_HPP

#include "icc.hpp"
#include "icc_write.h"
#include <utility>

namespace icc {

// What the library says when it refuses.
class Refused : public Error {
  public:
    explicit Refused(icc_status status) : Error(icc_error_text()), status_(status) {}
    icc_status status() const { return status_; }

  private:
    icc_status status_;
};

inline void check(icc_status status) {
    if (status != ICC_STATUS_OK) throw Refused(status);
}

// What T is, for icc_queue_create and others. `schema` says what its fields are: see docs/schema.md.
template <class T> icc_payload payload(const char *type_name = nullptr, const char *schema = nullptr) {
    static_assert(sizeof(Payload<T>) > 0, "a payload");
    icc_payload described = {sizeof(T), alignof(T), type_name, schema};
    return described;
}

// A producer of a queue. One thread at a time.
template <class T> class Producer : private Payload<T> {
  public:
    explicit Producer(const std::string &name, icc_payload described = payload<T>()) {
        icc_producer *raw = nullptr;
        check(icc_producer_open(name.c_str(), &described, &raw));
        raw_.reset(raw);
    }
    // Returns the message's sequence number. Waits only for another producer that is a whole ring behind.
    std::uint64_t produce(const T &message) {
        std::uint64_t sequence = 0;
        check(icc_producer_produce(raw_.get(), &message, &sequence));
        return sequence;
    }
    // Returns whether it was produced: false where it would have to wait.
    bool try_produce(const T &message) {
        const icc_status status = icc_producer_try_produce(raw_.get(), &message, nullptr);
        if (status != ICC_STATUS_BUSY) check(status);
        return status == ICC_STATUS_OK;
    }
    // Returns the sequence number of the first.
    std::uint64_t produce(const T *messages, std::size_t count) {
        std::uint64_t first = 0;
        check(icc_producer_produce_batch(raw_.get(), messages, count, &first));
        return first;
    }
    void produce_at(std::uint64_t sequence, const T &message) { check(icc_producer_produce_at(raw_.get(), sequence, &message)); }
    std::uint64_t next_sequence() const { return icc_producer_next(raw_.get()); }

  private:
    struct Close {
        void operator()(icc_producer *raw) const { icc_producer_close(raw); }
    };
    std::unique_ptr<icc_producer, Close> raw_;
};

// A producer of a queue of bytes, which icc_bytes_create creates. One thread at a time.
class BytesProducer {
  public:
    explicit BytesProducer(const std::string &name) {
        icc_bytes_producer *raw = nullptr;
        check(icc_bytes_producer_open(name.c_str(), &raw));
        raw_.reset(raw);
    }
    // Returns the number of the message's first slot. Throws if it is longer than longest_message().
    std::uint64_t produce(const void *message, std::size_t size) {
        std::uint64_t slot = 0;
        check(icc_bytes_producer_produce(raw_.get(), message, size, &slot));
        return slot;
    }
    // Returns whether it was produced: false where it would have to wait.
    bool try_produce(const void *message, std::size_t size) {
        const icc_status status = icc_bytes_producer_try_produce(raw_.get(), message, size, nullptr);
        if (status != ICC_STATUS_BUSY) check(status);
        return status == ICC_STATUS_OK;
    }
    std::uint64_t produce(const std::string &message) { return produce(message.data(), message.size()); }
    std::uint64_t longest_message() const { return icc_bytes_producer_longest(raw_.get()); }
    std::uint64_t next_sequence() const { return icc_bytes_producer_next(raw_.get()); }

  private:
    struct Close {
        void operator()(icc_bytes_producer *raw) const { icc_bytes_producer_close(raw); }
    };
    std::unique_ptr<icc_bytes_producer, Close> raw_;
};

// A writer of a vector, of all slots or of `first` to `end` - 1. One thread at a time.
template <class T> class Writer : private Payload<T> {
  public:
    explicit Writer(const std::string &name, std::uint64_t first = 0, std::uint64_t end = 0, icc_payload described = payload<T>()) {
        icc_writer *raw = nullptr;
        check(icc_writer_open(name.c_str(), &described, first, end, &raw));
        raw_.reset(raw);
    }
    // Returns the slot's new version.
    std::uint64_t write(std::uint64_t slot, const T &value) {
        std::uint64_t version = 0;
        check(icc_writer_write(raw_.get(), slot, &value, &version));
        return version;
    }

  private:
    struct Close {
        void operator()(icc_writer *raw) const { icc_writer_close(raw); }
    };
    std::unique_ptr<icc_writer, Close> raw_;
};

} // namespace icc

#endif
