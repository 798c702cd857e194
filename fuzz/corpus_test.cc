// Feeds a fuzz target the files of the folder that is its argument: whole, cut short, and with
// bytes changed. The same each time.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>

#include "gtest/gtest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace muster::fuzz {
namespace {

constexpr int kChangesPerSeed = 200;
constexpr std::size_t kMostCuts = 200;

std::string corpus;

void Feed(const std::string& bytes) {
  ASSERT_EQ(
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), 0);
}

std::string Changed(std::string bytes, std::mt19937& random) {
  for (auto n = random() % 3 + 1; n > 0; --n) {
    const std::size_t at = random() % (bytes.size() + 1);
    const char byte =
        random() % 2 == 0 ? static_cast<char>(random()) : "\r\n\t :{}[]\"/0"[random() % 12];
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
    const std::size_t step = seed.size() / kMostCuts + 1;
    for (std::size_t cut = 0; cut < seed.size(); cut += step) Feed(seed.substr(0, cut));
    for (int i = 0; i < kChangesPerSeed; ++i) Feed(Changed(seed, random));
  }
  EXPECT_GT(seeds, 5);
}

}  // namespace
}  // namespace muster::fuzz

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " FOLDER\n";
    return 2;
  }
  muster::fuzz::corpus = argv[1];
  return RUN_ALL_TESTS();
}
