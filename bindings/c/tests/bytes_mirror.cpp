// The other side of bytes.rs: takes messages of any length from queue NAME, and sends each of them twice as long into queue TWICE,
// which it creates. Ends when one is too long for that.
#include "icc_write.hpp"
#include <cstdlib>
#include <iostream>

int main(int count, char **arguments) try {
    if (count != 3) throw icc::Error("bytes_mirror NAME TWICE");
    icc::BytesConsumer messages(arguments[1], icc::Start::oldest);
    icc_queue_spec spec = icc_queue_spec();
    spec.capacity = 1024;
    spec.wakeable = true;
    icc::check(icc_bytes_create(arguments[2], &spec, 64, nullptr));
    icc::BytesProducer twice(arguments[2]);
    if (twice.longest_message() != 8192) throw icc::Error("the longest is another");
    for (std::uint64_t n = 0;; n++) {
        // Begins anew where it is, now and then.
        if (n % 1000 == 999) messages = icc::BytesConsumer(arguments[1], messages.position());
        const icc::BytesConsumed found = messages.consume(std::chrono::seconds(60));
        if (!found) throw icc::Error(found.is_lost() ? "messages were lost" : "nothing came for a minute");
        const std::string text = found.text() + found.text();
        try {
            twice.produce(text);
        } catch (const icc::Refused &refused) {
            if (refused.status() != ICC_STATUS_INVALID) throw;
            std::cout << n << " messages, then: " << refused.what() << std::endl;
            return EXIT_SUCCESS;
        }
    }
} catch (const icc::Error &error) {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
}
