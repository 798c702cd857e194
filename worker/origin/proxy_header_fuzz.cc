// For libFuzzer: the bytes are what one connection begins with. Read all at once or byte by byte,
// they have to be the same header, and the one that a second reader sees.

#include <cstddef>
#include <cstdint>
#include <string>

#include "muster/ipc/base/check.h"
#include "muster/worker/origin/proxy_header.h"
#include "muster/worker/origin/proxy_header_reference.h"

namespace muster::worker {
namespace {

using State = ProxyHeader::State;

// For each byte the whole is read again.
constexpr std::size_t kMostBytes = 2048;

void Check(const std::string& bytes) {
  const ProxyHeader whole = ParseProxyHeader(bytes);
  const ProxyHeader again = ReadProxyHeaderByTheRules(bytes);
  MUSTER_CHECK(whole.state == again.state, "the second reader sees the same");
  MUSTER_CHECK(whole.size_bytes == again.size_bytes, "of the same size");
  MUSTER_CHECK(whole.source == again.source, "with the same client");
  MUSTER_CHECK((whole.state == State::kInvalid) == !whole.problem.empty(),
               "what is invalid has a reason");
  MUSTER_CHECK(whole.size_bytes <= bytes.size(), "it is a part of what came");
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const ProxyHeader part = ParseProxyHeader(absl::string_view(bytes).substr(0, cut));
    if (part.state == State::kIncomplete) continue;
    MUSTER_CHECK(part.state == whole.state, "more bytes change nothing");
    MUSTER_CHECK(part.size_bytes == whole.size_bytes, "not its size");
    MUSTER_CHECK(part.source == whole.source, "nor its client");
    MUSTER_CHECK(part.state == State::kInvalid || cut >= whole.size_bytes,
                 "it is complete with its last byte");
    return;
  }
}

}  // namespace
}  // namespace muster::worker

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > muster::worker::kMostBytes) return 0;
  muster::worker::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
