// In C++, from one program in Rust to another: takes the messages of queue NAME, which are words of 64 bits, sends each of them doubled
// into queue NAME-doubled, which it creates, and tells how many it lost; ends after message LAST.
//
//     c++ -std=c++17 mirror.cpp $(pkg-config --cflags --libs icc) -o mirror && ./mirror numbers 999
#include "icc_write.hpp"
#include <cstdlib>
#include <iostream>

int main(int count, char **arguments) try {
    if (count != 3) throw icc::Error("mirror NAME LAST");
    const std::string name = arguments[1];
    const std::uint64_t last = std::strtoull(arguments[2], nullptr, 10);
    icc::Consumer<std::uint64_t> numbers(name, icc::Start::oldest);
    const icc_payload described = icc::payload<std::uint64_t>("u64");
    icc_queue_spec spec = icc_queue_spec();
    spec.capacity = 1 << 16;
    spec.wakeable = true;
    icc::check(icc_queue_create((name + "-doubled").c_str(), &described, &spec, nullptr));
    icc::Producer<std::uint64_t> doubled(name + "-doubled", described);

    std::uint64_t received = 0, lost = 0;
    while (numbers.next_sequence() <= last) {
        const auto found = numbers.consume(std::chrono::seconds(10));
        if (found) {
            doubled.produce(2 * *found);
            received++;
        } else if (found.is_lost()) {
            lost += found.lost().count();
        } else {
            throw icc::Error("nothing came for ten seconds");
        }
    }
    std::cout << received << " received, " << lost << " lost" << std::endl;
} catch (const icc::Error &error) {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
}
