// Feeds a fuzz target the files of a folder: whole, cut short at each byte, and so many times with
// bytes changed. The same each time.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace muster::fuzz {
namespace {

// What separates things in what the targets read, and bytes that are no ASCII.
constexpr absl::string_view kSeparators = "\r\n\t :;,{}[]\"/0\x80\xff";

std::string corpus;
int changes_per_seed = 0;

void Feed(const std::string& bytes) {
  ASSERT_EQ(
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), 0);
}

std::string Changed(std::string bytes, std::mt19937& random) {
  for (auto n = random() % 3 + 1; n > 0; --n) {
    const std::size_t at = random() % (bytes.size() + 1);
    const char byte = random() % 2 == 0 ? static_cast<char>(random())
                                        : kSeparators[random() % kSeparators.size()];
    switch (random() % 3) {
      case 0:
        bytes.insert(at, 1, byte);
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = byte;
        break;
      default:
        if (at < bytes.size()) bytes.erase(at, 1);
        break;
    }
  }
  return bytes;
}

TEST(Corpus, HoldsAndSoDoItsNeighbours) {
  std::mt19937 random(20250101);
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    ++seeds;
    SCOPED_TRACE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string seed(std::istreambuf_iterator<char>(file), {});
    Feed(seed);
    for (std::size_t cut = 0; cut < seed.size(); ++cut) Feed(seed.substr(0, cut));
    for (int i = 0; i < changes_per_seed; ++i) Feed(Changed(seed, random));
  }
  EXPECT_GT(seeds, 10);
}

}  // namespace
}  // namespace muster::fuzz

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 3 || !absl::SimpleAtoi(argv[2], &muster::fuzz::changes_per_seed)) {
    std::cerr << "usage: " << argv[0] << " FOLDER CHANGES\n";
    return 2;
  }
  muster::fuzz::corpus = argv[1];
  return RUN_ALL_TESTS();
}
