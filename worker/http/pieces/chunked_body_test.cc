#include "muster/worker/http/pieces/chunked_body.h"

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "muster/worker/http/message/chunked_decoder.h"

namespace muster::worker::http {
namespace {

TEST(ChunkedBody, HasTheFramingOfTheRfc) {
  std::string out;
  AppendChunk(out, "hello");
  AppendChunk(out, "");
  AppendChunk(out, std::string(26, 'x'));
  AppendLastChunk(out, {});
  EXPECT_EQ(out, "5\r\nhello\r\n1a\r\nxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n0\r\n\r\n");
}

TEST(ChunkedBody, EndsWithItsTrailers) {
  std::string out;
  AppendLastChunk(out, {{"A", "1"}, {"B", ""}});
  EXPECT_EQ(out, "0\r\nA: 1\r\nB: \r\n\r\n");
}

TEST(ChunkedBody, IsReadAsWhatWasWrittenWhateverTheSizes) {
  for (std::size_t size = 1; size < 70'000; size = size * 3 / 2 + 1) {
    std::string written;
    std::string out;
    for (int i = 0; i < 3; ++i) {
      // With what could be taken for framing.
      std::string piece(size, static_cast<char>('a' + i));
      piece.replace(0, 1, "\r\n0\r\n\r\n");
      AppendChunk(out, piece);
      written += piece;
    }
    AppendLastChunk(out, {{"Server-Timing", "a;dur=1"}});
    out += "GET";

    ChunkedDecoder decoder;
    absl::string_view rest = out;
    std::string read;
    ASSERT_EQ(decoder.Read(rest, 1'000'000, &read), ChunkedDecoder::Outcome::kComplete) << size;
    EXPECT_TRUE(read == written) << size;
    EXPECT_EQ(rest, "GET");
  }
}

}  // namespace
}  // namespace muster::worker::http
