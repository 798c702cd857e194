#include "muster/master/admin/connection/call_places.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "muster/log/printable.h"

namespace muster::master {
namespace {

constexpr std::size_t kMostNameBytes = 256;

}  // namespace

void CallPlaces::Set(Limits limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

absl::Status CallPlaces::Take(const void* call, const std::string& principal, bool is_stream) {
  const std::lock_guard lock(mutex_);
  const auto held = principals_.try_emplace(principal).first;
  std::uint32_t& count = is_stream ? held->second.streams : held->second.calls;
  const std::uint32_t limit = is_stream ? limits_.streams : limits_.calls;
  if (count >= limit) {
    // A name in a certificate may be long.
    std::string who = log::Printable(principal);
    log::CutLine(who, kMostNameBytes);
    const char* const what = is_stream ? "streams" : "calls";
    return absl::ResourceExhaustedError(absl::StrCat(
        who, " has ", count, " ", what, " under way; admin.", what, "_per_caller allows ", limit));
  }
  ++count;
  places_[call] = {held, is_stream};
  return absl::OkStatus();
}

void CallPlaces::Leave(const void* call) {
  const std::lock_guard lock(mutex_);
  const auto place = places_.find(call);
  if (place == places_.end()) return;
  const auto held = place->second.principal;
  --(place->second.is_stream ? held->second.streams : held->second.calls);
  if (held->second.calls == 0 && held->second.streams == 0) principals_.erase(held);
  places_.erase(place);
}

std::uint32_t CallPlaces::calls_of(const std::string& principal) const {
  const std::lock_guard lock(mutex_);
  const auto held = principals_.find(principal);
  return held == principals_.end() ? 0 : held->second.calls;
}

std::uint32_t CallPlaces::streams_of(const std::string& principal) const {
  const std::lock_guard lock(mutex_);
  const auto held = principals_.find(principal);
  return held == principals_.end() ? 0 : held->second.streams;
}

}  // namespace muster::master
