// Runs the seed corpus through the fuzz target: whole, cut short, and with bytes changed.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "gtest/gtest.h"

namespace muster::ipc {
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
namespace {

constexpr char kCorpus[] = "ipc/channel/channel_corpus";
constexpr int kMutationsPerSeed = 2000;

void Feed(const std::string& bytes) {
  ASSERT_EQ(
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), 0);
}

TEST(ChannelFuzz, HoldsForTheCorpusAndItsNeighbours) {
  std::mt19937 random(20250101);
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kCorpus)) {
    ++seeds;
    SCOPED_TRACE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string seed(std::istreambuf_iterator<char>(file), {});
    for (std::size_t size = 1; size <= seed.size(); ++size) Feed(seed.substr(0, size));
    for (int i = 0; i < kMutationsPerSeed; ++i) {
      std::string changed = seed;
      for (auto changes = random() % 3 + 1; changes > 0; --changes) {
        changed[random() % changed.size()] = static_cast<char>(random());
      }
      Feed(changed);
    }
  }
  EXPECT_GT(seeds, 5);
}

TEST(ChannelFuzz, HoldsForTheLargestDatagramAndOneMore) {
  const std::size_t header_bytes = 28;
  std::string largest(1 + header_bytes + 65536, 'x');
  const std::string header("\0MCHN\1\0\1\0\0\0\0\0\1\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\1\0",
                           1 + header_bytes);
  largest.replace(0, header.size(), header);
  Feed(largest);
  Feed(largest + "x");
}

}  // namespace
}  // namespace muster::ipc
