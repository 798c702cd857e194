// Runs the seed corpus through the fuzz target, whole, cut short, and with bytes changed.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "gtest/gtest.h"

namespace muster::worker::http {
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
namespace {

constexpr char kCorpus[] = "worker/http/message/request_parser_corpus";
constexpr int kMutationsPerSeed = 300;

void Feed(const std::string& bytes) {
  ASSERT_EQ(
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), 0);
}

TEST(RequestParserFuzz, HoldsForTheCorpusAndItsNeighbours) {
  std::mt19937 random(20250101);
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kCorpus)) {
    ++seeds;
    SCOPED_TRACE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string seed(std::istreambuf_iterator<char>(file), {});
    Feed(seed);
    for (std::size_t cut = 1; cut < seed.size(); ++cut) Feed(seed.substr(0, cut));
    for (int i = 0; i < kMutationsPerSeed; ++i) {
      std::string changed = seed;
      for (auto n = random() % 3 + 1; n > 0; --n) {
        const std::size_t at = random() % changed.size();
        switch (random() % 3) {
          case 0:
            changed[at] = "\r\n\t :;,/0\x80\xff"[random() % 11];
            break;
          case 1:
            changed.insert(at, 1, "\r\n\t :;,/0\x80\xff"[random() % 11]);
            break;
          default:
            changed.erase(at, 1);
            changed += " ";
            break;
        }
      }
      Feed(changed);
    }
  }
  EXPECT_GT(seeds, 10);
}

}  // namespace
}  // namespace muster::worker::http
