// Reading the shared memory of icc from C++: types over icc.h. C++11 and later, gcc or clang, Linux. No library.
//
//     icc::Consumer<Quote> quotes("quotes");
//     for (;;) {
//         auto found = quotes.try_consume();
//         if (found) use(*found);                                    // a message
//         else if (found.is_lost()) lost(found.lost().first, found.lost().next);
//         else quotes.wait(std::chrono::milliseconds(100));          // nothing yet
//     }
#ifndef ICC_HPP
#define ICC_HPP

#include "icc.h"
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace icc {

// Why a buffer cannot be used, or a value not be read.
class Error : public std::runtime_error {
  public:
    explicit Error(const std::string &text) : std::runtime_error(text) {}
};

// A name as Rust takes it: a bare one is a file in /dev/shm, anything with a slash is a path.
inline std::string path_of(const std::string &name) {
    return name.find('/') == std::string::npos ? "/dev/shm/" + name : name;
}

// What the layout needs of a type: its bytes are copied while others write them, and any bytes must be a value. So no bool and no enum
// that does not have all values, unless the writer is trusted; and no padding, if it is to be written.
template <class T> struct Payload {
    static_assert(std::is_trivially_copyable<T>::value, "a message is copied as bytes: it must be trivially copyable");
    static_assert(std::is_standard_layout<T>::value, "a message has the layout of a C struct: it must be of standard layout");
    static_assert(!std::is_pointer<T>::value, "a pointer means nothing in another process");
    static_assert(alignof(T) <= 4096, "no buffer is aligned to more than a page");
};

// A mapped buffer, checked once. Reading a buffer through several copies of the pointer is fine.
class Buffer {
  public:
    Buffer(const std::string &name, const char *kind, std::size_t size, std::size_t align) {
        const std::string path = path_of(name);
        attach(path, kind);
        if (raw_.header.element_size == size && raw_.header.element_align == align) return;
        const std::string found = of(raw_.header.element_size, raw_.header.element_align);
        icc_detach(&raw_);
        throw Error(path + ": holds a type " + found + ", not one " + of(size, align) + ": check the struct");
    }
    // Of bytes: any size will do.
    Buffer(const std::string &name, const char *kind) { attach(path_of(name), kind); }
    ~Buffer() { icc_detach(&raw_); }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;

    const icc_buffer &raw() const { return raw_; }
    const icc_header &header() const { return raw_.header; }
    std::uint64_t instance() const { return raw_.header.instance; }
    // Whether those who wait are woken, and do not look again and again.
    bool wakes() const { return raw_.bell != nullptr; }
    // What the payload's fields are, or an empty text.
    std::string schema() const {
        std::vector<char> text(ICC_MAX_SCHEMA + 1);
        return std::string(text.data(), icc_schema(&raw_, text.data(), text.size()));
    }
    // Throws unless field `name` is at `offset` and has this format, such as "<f8"; for a buffer with a schema.
    void expect(const char *name, std::size_t offset, const std::string &format) const {
        const std::string text = schema();
        icc_field field;
        if (text.empty() || !icc_find_field(text.data(), text.size(), name, &field)) throw Error(std::string("no field `") + name + "`");
        const std::string found(field.format, field.format_len);
        if (field.offset == offset && found == '"' + format + '"') return;
        throw Error(std::string("field `") + name + "` is " + found + " at " + std::to_string(field.offset) + ", not \"" + format +
                    "\" at " + std::to_string(offset));
    }

  private:
    void attach(const std::string &path, const char *kind) {
        const char *wrong = icc_attach(&raw_, path.c_str(), kind);
        if (wrong) throw Error(path + ": " + wrong);
    }
    static std::string of(std::uint64_t size, std::uint64_t align) {
        return "of " + std::to_string(size) + " bytes, aligned to " + std::to_string(align);
    }
    icc_buffer raw_;
};

// Messages that were overwritten before they were read: `first` to `next` - 1.
struct Lost {
    std::uint64_t first, next;
    std::uint64_t count() const { return next - first; }
};

// What a try to consume found: a message, a loss, or nothing yet. As std::optional, and a loss besides.
template <class T> class Consumed {
  public:
    explicit operator bool() const { return kind_ == ICC_MESSAGE; }
    bool is_empty() const { return kind_ == ICC_EMPTY; }
    bool is_lost() const { return kind_ == ICC_LOST; }
    // Only if there is a message.
    const T &operator*() const { return value_; }
    const T *operator->() const { return &value_; }
    const T &value() const {
        if (kind_ != ICC_MESSAGE) throw Error("no message");
        return value_;
    }
    // The message's sequence number.
    std::uint64_t sequence() const { return range_.first; }
    // Only if there is a loss.
    Lost lost() const { return range_; }

  private:
    template <class> friend class Consumer;
    T value_{};
    Lost range_{0, 0};
    icc_consumed kind_ = ICC_EMPTY;
};

enum class Start { newest, oldest };

// A reading end of a queue. One thread at a time; copy it for another one at the same place.
template <class T> class Consumer : private Payload<T> {
  public:
    explicit Consumer(const std::string &name, Start start = Start::newest)
        : buffer_(std::make_shared<Buffer>(name, "queue", sizeof(T), alignof(T))),
          next_(start == Start::newest ? icc_produced(&buffer_->raw()) : icc_oldest(&buffer_->raw())) {}
    // From a place that was noted: throws if that was in another queue. What is not kept any more is lost first.
    Consumer(const std::string &name, icc_position position) : Consumer(name) {
        const char *wrong = icc_resume(&buffer_->raw(), position, &next_);
        if (wrong) throw Error(path_of(name) + ": " + wrong);
    }

    // The next message, a loss, or nothing. Never waits.
    Consumed<T> try_consume() {
        Consumed<T> found;
        icc_lost lost = {0, 0};
        found.range_.first = next_;
        found.kind_ = icc_try_consume(&buffer_->raw(), &next_, &found.value_, &lost);
        if (found.kind_ == ICC_EMPTY && (buffer_->header().features_to_read & ICC_GAPS) != 0 && ++empty_ % 1024 == 0) {
            found.kind_ = icc_left_out(&buffer_->raw(), &next_, &lost);
        }
        if (found.kind_ == ICC_LOST) found.range_ = Lost{lost.first, lost.next};
        return found;
    }

    // Waits until there is something to consume, or the time is over; returns whether there is. In the kernel, if the queue is
    // wakeable.
    template <class Rep, class Period> bool wait(std::chrono::duration<Rep, Period> timeout) {
        const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(timeout).count();
        if (!icc_wait(&buffer_->raw(), next_, nanoseconds > 0 ? static_cast<std::uint64_t>(nanoseconds) : 0)) return false;
        empty_ = 1023; // The next poll finds out whether it was left out.
        return true;
    }

    // As try_consume, but waits for up to `timeout`.
    template <class Rep, class Period> Consumed<T> consume(std::chrono::duration<Rep, Period> timeout) {
        Consumed<T> found = try_consume();
        if (found.is_empty() && wait(timeout)) found = try_consume();
        return found;
    }

    // What is there now, to be iterated: each item is a Consumed that is a message or a loss.
    class Drain {
      public:
        class Iterator {
          public:
            Iterator(Consumer *consumer, std::uint64_t left) : consumer_(consumer), left_(left) { step(); }
            const Consumed<T> &operator*() const { return found_; }
            const Consumed<T> *operator->() const { return &found_; }
            Iterator &operator++() {
                step();
                return *this;
            }
            bool operator!=(const Iterator &other) const { return consumer_ != other.consumer_; }

          private:
            void step() {
                if (consumer_ == nullptr) return;
                found_ = left_ > 0 ? consumer_->try_consume() : Consumed<T>();
                if (found_.is_empty()) consumer_ = nullptr;
                left_ -= left_ > 0 ? 1 : 0;
            }
            Consumer *consumer_;
            std::uint64_t left_;
            Consumed<T> found_;
        };
        explicit Drain(Consumer *consumer) : consumer_(consumer) {}
        Iterator begin() const { return Iterator(consumer_, 2 * consumer_->buffer_->header().len); }
        Iterator end() const { return Iterator(nullptr, 0); }

      private:
        Consumer *consumer_;
    };
    // At most twice what the queue keeps, so that it ends also while messages keep coming.
    Drain drain() { return Drain(this); }

    std::uint64_t next_sequence() const { return next_; }
    icc_position position() const { return icc_position_of(&buffer_->raw(), next_); }
    // How many messages were produced that this consumer has not read. Takes a line from the producer: not for a hot loop.
    std::uint64_t lag() const {
        const std::uint64_t produced = icc_produced(&buffer_->raw());
        return produced > next_ ? produced - next_ : 0;
    }
    const Buffer &buffer() const { return *buffer_; }

  private:
    std::shared_ptr<Buffer> buffer_;
    std::uint64_t next_, empty_ = 0;
};

// What a try to consume bytes found: a message, a loss, or nothing yet. The message's bytes are the consumer's: they stay until it is
// asked again.
class BytesConsumed {
  public:
    explicit operator bool() const { return kind_ == ICC_BYTES_MESSAGE; }
    bool is_empty() const { return kind_ == ICC_BYTES_EMPTY; }
    bool is_lost() const { return kind_ == ICC_BYTES_LOST; }
    // Only if there is a message.
    const unsigned char *data() const { return data_; }
    std::size_t size() const { return size_; }
    // A copy.
    std::string text() const { return std::string(reinterpret_cast<const char *>(data_), size_); }
    // The number of the message's first slot.
    std::uint64_t sequence() const { return lost_.first; }
    // Only if there is a loss: slots `first` to `next` - 1, and so many messages, or ICC_UNKNOWN with many producers.
    icc_bytes_lost lost() const { return lost_; }

  private:
    friend class BytesConsumer;
    const unsigned char *data_ = nullptr;
    std::size_t size_ = 0;
    icc_bytes_lost lost_{0, 0, 0};
    icc_bytes_consumed kind_ = ICC_BYTES_EMPTY;
};

// A reading end of a queue of bytes: of messages of any length. One thread at a time; copy it for another one at the same place.
class BytesConsumer {
  public:
    explicit BytesConsumer(const std::string &name, Start start = Start::newest)
        : buffer_(std::make_shared<Buffer>(name, "bytes")),
          raw_(icc_bytes_consumer_at(&buffer_->raw(), start == Start::newest ? icc_produced(&buffer_->raw()) : icc_oldest(&buffer_->raw()))) {}
    // From a place that was noted: throws if that was in another queue. What is not kept any more is lost first.
    BytesConsumer(const std::string &name, icc_position position) : BytesConsumer(name) {
        std::uint64_t next = 0;
        const char *wrong = icc_resume(&buffer_->raw(), position, &next);
        if (wrong) throw Error(path_of(name) + ": " + wrong);
        raw_ = icc_bytes_consumer_at(&buffer_->raw(), next);
    }

    // The next message, a loss, or nothing. Never waits. Its memory is used again, and grows with the messages.
    BytesConsumed try_consume() {
        BytesConsumed found;
        for (;;) {
            std::uint64_t len = 0;
            const std::uint64_t slot = raw_.next;
            icc_bytes_consumed kind = icc_bytes_try_consume(&raw_, message_.data(), message_.size(), &len, &found.lost_);
            if (kind == ICC_BYTES_EMPTY && ++empty_ % 1024 == 0) kind = icc_bytes_left_out(&raw_, &found.lost_);
            if (kind == ICC_BYTES_TOO_SMALL) {
                message_.resize(static_cast<std::size_t>(len));
                continue;
            }
            found.kind_ = kind;
            if (kind != ICC_BYTES_MESSAGE) return found;
            found.lost_.first = slot;
            found.data_ = message_.data();
            found.size_ = static_cast<std::size_t>(len);
            return found;
        }
    }

    // Waits until there is something to consume, or the time is over; returns whether there is. In the kernel, if the queue is
    // wakeable.
    template <class Rep, class Period> bool wait(std::chrono::duration<Rep, Period> timeout) {
        const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(timeout).count();
        if (!icc_bytes_wait(&raw_, nanoseconds > 0 ? static_cast<std::uint64_t>(nanoseconds) : 0)) return false;
        empty_ = 1023; // The next poll finds out whether it was left out.
        return true;
    }

    // As try_consume, but waits for up to `timeout`.
    template <class Rep, class Period> BytesConsumed consume(std::chrono::duration<Rep, Period> timeout) {
        BytesConsumed found = try_consume();
        if (found.is_empty() && wait(timeout)) found = try_consume();
        return found;
    }

    // The number of the slot where the next message begins.
    std::uint64_t next_sequence() const { return raw_.next; }
    icc_position position() const { return icc_position_of(&buffer_->raw(), raw_.next); }
    std::uint64_t received() const { return raw_.received; }
    std::uint64_t lost_slots() const { return raw_.lost_slots; }
    // With one producer: exact whenever a message was just received.
    std::uint64_t lost_messages() const { return raw_.lost_messages; }
    const Buffer &buffer() const { return *buffer_; }

  private:
    std::shared_ptr<Buffer> buffer_;
    icc_bytes_consumer raw_;
    std::uint64_t empty_ = 0;
    std::vector<unsigned char> message_;
};

// A value of a vector's slot, and its version: 0 if it was never written, 2 more with each write.
template <class T> struct Versioned {
    T value;
    std::uint64_t version;
};

// A vector to read, from any number of threads at once.
template <class T> class Vector : private Payload<T> {
  public:
    explicit Vector(const std::string &name) : buffer_(std::make_shared<Buffer>(name, "vector", sizeof(T), alignof(T))) {}

    std::uint64_t len() const { return buffer_->header().len; }
    std::uint64_t version(std::uint64_t slot) const { return icc_version(&buffer_->raw(), checked(slot)); }

    // The newest whole value. Throws if there is no such slot, or if its writer does not finish in `patience`: it was stopped or
    // died in the middle of a write.
    Versioned<T> read(std::uint64_t slot, std::chrono::milliseconds patience = std::chrono::milliseconds(100)) const {
        Versioned<T> found;
        checked(slot);
        const auto begin = std::chrono::steady_clock::now();
        for (unsigned round = 1; !icc_try_read(&buffer_->raw(), slot, &found.value, &found.version); round++) {
            if (round % 64 != 0) continue;
            if (std::chrono::steady_clock::now() - begin > patience) throw Error("slot " + std::to_string(slot) + " is being written");
            usleep(50);
        }
        return found;
    }

    // Waits for a version that is newer, and returns whether there is one.
    template <class Rep, class Period>
    bool wait(std::uint64_t slot, std::uint64_t version, std::chrono::duration<Rep, Period> timeout) const {
        const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(timeout).count();
        return icc_wait_for(&buffer_->raw(), checked(slot), version, nanoseconds > 0 ? static_cast<std::uint64_t>(nanoseconds) : 0) != 0;
    }
    const Buffer &buffer() const { return *buffer_; }

  private:
    std::uint64_t checked(std::uint64_t slot) const {
        if (slot < len()) return slot;
        throw Error("there is no slot " + std::to_string(slot) + " of " + std::to_string(len()));
    }
    std::shared_ptr<Buffer> buffer_;
};

} // namespace icc

#endif
