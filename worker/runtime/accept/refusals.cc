#include "muster/worker/runtime/accept/refusals.h"

#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/proto/counted.h"

namespace muster::worker {
namespace {

constexpr auto kTellEvery = std::chrono::minutes(1);

std::string WhyOf(Refusals::Kind kind, const ListenerTerms& terms, absl::string_view detail) {
  switch (kind) {
    case Refusals::Kind::kTooMany:
      return absl::StrCat("its client has ", terms.most_per_client(),
                          " at this worker, which is max_connections_per_client");
    case Refusals::Kind::kNoProxy:
      return "it is not from an address of proxy_protocol.from";
    case Refusals::Kind::kHeader:
      return absl::StrCat("its header ", detail);
    case Refusals::Kind::kLate:
      return "its header was not complete within proxy_protocol.timeout";
  }
  return "";
}

}  // namespace

Refusals::Told& Refusals::ToldOf(Kind kind, const std::string& listener) {
  const bool is_known = told_.count(listener) > 0;
  return told_[is_known || told_.size() < kMostListeners ? listener : ""][kind];
}

void Refusals::Note(Kind kind, const ListenerTerms& terms, const PeerAddress& peer,
                    absl::string_view detail, loop::TimePoint now) {
  if (kind == Kind::kTooMany) {
    status_.refused_over_limit.Add();
  } else {
    status_.refused_by_proxy_protocol.Add();
  }
  Told& told = ToldOf(kind, terms.title());
  if (told.at.has_value() && now - *told.at < kTellEvery) {
    ++told.untold;
    return;
  }
  told.at = now;
  const std::uint64_t untold = std::exchange(told.untold, 0);
  log_.Write(config::v1::Log::WARN,
             absl::StrCat("listener ", terms.title(), ": a connection of ", peer.ToStringWithPort(),
                          " is closed: ", WhyOf(kind, terms, detail),
                          untold == 0 ? ""
                                      : absl::StrCat("; ", config::Counted(untold, "other"),
                                                     " for such a reason since the last line")));
}

}  // namespace muster::worker
