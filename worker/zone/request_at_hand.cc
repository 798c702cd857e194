#include "muster/worker/zone/request_at_hand.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "muster/log/printable.h"

namespace muster::worker {
namespace {

// A writer is busy for some nanoseconds. One that is met so often is not writing but dead.
constexpr int kTries = 16;
// What is escaped becomes longer.
constexpr std::size_t kMostShownBytes = 256;

std::string Shown(const std::string& text, bool was_cut) {
  std::string shown = log::Printable(text);
  if (was_cut) shown += "...";
  log::CutLine(shown, kMostShownBytes);
  return shown;
}

std::string PeerText(const RequestPeer& peer) {
  if (peer.family == AF_UNIX) return "unix:";
  char text[INET6_ADDRSTRLEN];
  if ((peer.family != AF_INET && peer.family != AF_INET6) ||
      ::inet_ntop(peer.family, peer.address.data(), text, sizeof(text)) == nullptr) {
    return "";
  }
  return peer.family == AF_INET ? absl::StrCat(text, ":", peer.port)
                                : absl::StrCat("[", text, "]:", peer.port);
}

// As it was at some moment between the two reads of the sequence, if both gave the same.
RequestShown Copy(const RequestAtHand& record, std::uint64_t sequence) {
  RequestShown request;
  request.is_waiting = sequence % 4 == 3;
  // Beyond what a clock has, if it is damaged.
  constexpr auto kLatest = static_cast<std::uint64_t>(INT64_MAX);
  const std::uint64_t began = std::min(record.began.load(std::memory_order_acquire), kLatest);
  request.began = std::chrono::steady_clock::time_point(
      std::chrono::nanoseconds(static_cast<std::int64_t>(began)));
  RequestPeer peer;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint64_t word = record.address[i].load(std::memory_order_acquire);
    std::memcpy(peer.address.data() + 8 * i, &word, 8);
  }
  const std::uint64_t shape = record.shape.load(std::memory_order_acquire);
  peer.family = static_cast<std::uint16_t>(shape);
  peer.port = static_cast<std::uint16_t>(shape >> 16);
  request.method = record.method.Load(shape >> 32 & 0xff);
  request.path = record.path.Load(shape >> 40 & 0xff);
  request.peer = PeerText(peer);
  request.id = record.path.LoadLast(shape >> 49 & 0x7f);
  request.path = Shown(request.path, (shape >> 48 & 1) != 0);
  request.id = Shown(request.id, (shape >> 56 & 1) != 0);
  request.method = Shown(request.method, false);
  return request;
}

}  // namespace

std::optional<RequestShown> ReadRequest(const RequestAtHand& record) {
  for (int i = 0; i < kTries; ++i) {
    // Acquire: pairs with the release in Begin.
    const std::uint64_t before = record.sequence.load(std::memory_order_acquire);
    if (before % 4 == 0) return std::nullopt;
    if (before % 4 == 1) {
      ipc::SpinPause();
      continue;
    }
    RequestShown request = Copy(record, before);
    // Relaxed: the acquire loads keep it after the words.
    const std::uint64_t after = record.sequence.load(std::memory_order_relaxed);
    request.is_waiting = after % 4 == 3;
    if (after / 4 == before / 4 && after % 4 >= 2) return request;
  }
  return std::nullopt;
}

void ClearRequest(RequestAtHand& record) {
  const std::uint64_t sequence = record.sequence.load(std::memory_order_relaxed);
  if (sequence % 4 != 0) record.sequence.store(sequence / 4 * 4 + 4, std::memory_order_release);
}

std::string Describe(const RequestShown& request) {
  return absl::StrCat(request.method, " ", request.path, " for ",
                      request.peer.empty() ? "an unknown client" : request.peer,
                      request.id.empty() ? "" : absl::StrCat(" (id ", request.id, ")"));
}

}  // namespace muster::worker
