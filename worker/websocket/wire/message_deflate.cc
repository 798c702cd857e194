#include "muster/worker/websocket/wire/message_deflate.h"

#include <zlib.h>

#include <algorithm>
#include <climits>

#include "absl/status/status.h"

namespace muster::worker::websocket {
namespace {

// What a sender leaves out at the end of each message (RFC 7692, 7.2.1): an empty stored block
// without its first bits.
constexpr absl::string_view kTail("\x00\x00\xff\xff", 4);
constexpr int kDefaultMemory = 8;  // as zlib's deflateInit
// Within which the output grows.
constexpr std::size_t kLeastRoom = 1024;
constexpr std::size_t kMostRoom = 1 << 20;
// In z_stream::data_type: it stands between two blocks.
constexpr int kBetweenBlocks = 128;

Bytef* BytesOf(const char* bytes) {
  // zlib does not write there.
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes));
}

}  // namespace

void MessageDeflate::EndInflate::operator()(z_stream* stream) const {
  ::inflateEnd(stream);
  delete stream;
}

void MessageDeflate::EndDeflate::operator()(z_stream* stream) const {
  ::deflateEnd(stream);
  delete stream;
}

MessageDeflate::~MessageDeflate() = default;

absl::StatusOr<std::unique_ptr<MessageDeflate>> MessageDeflate::Create(int level) {
  std::unique_ptr<MessageDeflate> made(new MessageDeflate(std::clamp(level, 1, 9)));
  std::unique_ptr<z_stream, EndInflate> stream(new z_stream());
  if (::inflateInit2(stream.get(), -MAX_WBITS) != Z_OK) {
    return absl::ResourceExhaustedError("inflateInit2: no memory");
  }
  made->inflater_ = std::move(stream);
  return made;
}

z_stream* MessageDeflate::DeflaterOf(int window_bits) {
  if (window_bits < 9 || window_bits > MAX_WBITS) return nullptr;
  std::unique_ptr<z_stream, EndDeflate>& stream = deflaters_[static_cast<std::size_t>(window_bits)];
  if (stream != nullptr) return ::deflateReset(stream.get()) == Z_OK ? stream.get() : nullptr;
  std::unique_ptr<z_stream, EndDeflate> made(new z_stream());
  if (::deflateInit2(made.get(), level_, Z_DEFLATED, -window_bits, kDefaultMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    return nullptr;
  }
  stream = std::move(made);
  return stream.get();
}

bool MessageDeflate::Compress(absl::string_view message, int window_bits, std::string& out) {
  if (message.size() > UINT_MAX) return false;
  z_stream* const stream = DeflaterOf(window_bits);
  if (stream == nullptr) return false;
  const std::size_t begin = out.size();
  // If it does not fit in that, it is not shorter.
  out.resize(begin + message.size() + kTail.size());
  stream->next_in = BytesOf(message.data());
  stream->avail_in = static_cast<uInt>(message.size());
  stream->next_out = BytesOf(out.data() + begin);
  stream->avail_out = static_cast<uInt>(std::min<std::size_t>(out.size() - begin, UINT_MAX));
  const int result = ::deflate(stream, Z_SYNC_FLUSH);
  // If there is no room left, the flush may be incomplete.
  const bool is_whole = result == Z_OK && stream->avail_in == 0 && stream->avail_out > 0;
  const std::size_t end = out.size() - stream->avail_out;
  out.resize(is_whole ? end - kTail.size() : begin);
  return is_whole;
}

MessageDeflate::Outcome MessageDeflate::Decompress(absl::string_view compressed,
                                                   std::size_t most_bytes, std::string& out) {
  const std::size_t begin = out.size();
  std::size_t written = 0;
  const Outcome outcome = Inflate(compressed, most_bytes, out, written);
  out.resize(begin + std::min(written, most_bytes));
  return outcome;
}

MessageDeflate::Outcome MessageDeflate::Inflate(absl::string_view compressed,
                                                std::size_t most_bytes, std::string& out,
                                                std::size_t& written) {
  // Not what a compressor makes of an empty message (7.2.3.6), but nothing else can be meant.
  if (compressed.empty()) return Outcome::kWhole;
  z_stream* const stream = inflater_.get();
  if (::inflateReset(stream) != Z_OK || compressed.size() > UINT_MAX) return Outcome::kCorrupt;
  const std::size_t begin = out.size();
  bool has_ended = false;  // by a last block, behind which others may follow (7.2.3.4)
  for (const absl::string_view part : {compressed, kTail}) {
    if (has_ended && part.data() == kTail.data()) break;
    stream->next_in = BytesOf(part.data());
    stream->avail_in = static_cast<uInt>(part.size());
    do {
      if (has_ended && ::inflateReset(stream) != Z_OK) return Outcome::kCorrupt;
      // Not for each block anew: there may be very many that give nothing.
      if (out.size() == begin + written) {
        const std::size_t step =
            std::clamp(std::max(written, part.size() * 2), kLeastRoom, kMostRoom);
        // One byte more than it may have, which tells that it is too long.
        const std::size_t left = most_bytes - written;
        out.resize(out.size() + (left < step ? left + 1 : step));
      }
      const std::size_t room = out.size() - begin - written;
      stream->next_out = BytesOf(out.data() + begin + written);
      stream->avail_out = static_cast<uInt>(room);
      const int result = ::inflate(stream, Z_SYNC_FLUSH);
      written += room - stream->avail_out;
      if (written > most_bytes) return Outcome::kTooLong;
      has_ended = result == Z_STREAM_END;
      // Z_BUF_ERROR: it has no more to give of what there is.
      if (result != Z_OK && !has_ended && result != Z_BUF_ERROR) return Outcome::kCorrupt;
      // Without room it may hold something back.
    } while (stream->avail_in > 0 || (stream->avail_out == 0 && !has_ended));
  }
  return has_ended || (stream->data_type & kBetweenBlocks) != 0 ? Outcome::kWhole
                                                                : Outcome::kCorrupt;
}

}  // namespace muster::worker::websocket
