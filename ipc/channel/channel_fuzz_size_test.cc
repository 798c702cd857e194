// What is too large for a seed.

#include <cstddef>
#include <cstdint>
#include <string>

#include "gtest/gtest.h"

namespace muster::ipc {
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
namespace {

void Feed(const std::string& bytes) {
  ASSERT_EQ(
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), 0);
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
