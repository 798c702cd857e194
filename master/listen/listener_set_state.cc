#include <limits>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/ipc/base/status.h"
#include "muster/master/keep/state_error.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/listen/socket_state.h"

namespace muster::master {

using google::protobuf::RepeatedPtrField;
using state::v1::ListenedAddress;

namespace {

// One more than N of "listen[N].address". Zero: it is no field of the configuration.
int PlaceIn(absl::string_view field, const config::v1::Config& config) {
  int at = 0;
  const bool is_one = absl::ConsumePrefix(&field, "listen[") &&
                      absl::ConsumeSuffix(&field, "].address") && absl::SimpleAtoi(field, &at) &&
                      at >= 0 && at < config.listen_size();
  return is_one ? at + 1 : 0;
}

}  // namespace

RepeatedPtrField<ListenedAddress> ListenerSet::Save(SavedSockets& sockets) const {
  RepeatedPtrField<ListenedAddress> states;
  for (const Shared& shared : listeners_) {
    if (shared.user == SocketUser::kNobody) continue;  // not of a configuration
    ListenedAddress& state = *states.Add();
    switch (shared.user) {
      case SocketUser::kService:
        state.set_user(state::v1::SERVICE);
        break;
      case SocketUser::kAdmin:
        state.set_user(state::v1::ADMIN);
        break;
      case SocketUser::kMetrics:
        state.set_user(state::v1::METRICS);
        break;
      case SocketUser::kNobody:
        break;
    }
    state.set_field(shared.field);
    state.set_wanted(shared.wanted.ToString());
    *state.mutable_rights() = SaveSocketRights(shared.rights);
    state.set_backlog(static_cast<std::uint32_t>(shared.backlog));
    state.set_is_spread(shared.is_spread);
    for (const auto& socket : shared.sockets) state.add_socket(sockets.PlaceOf(socket));
  }
  return states;
}

absl::StatusOr<ListenerSet> ListenerSet::Restore(const RepeatedPtrField<ListenedAddress>& states,
                                                 RestoredSockets& sockets,
                                                 const config::v1::Config& config) {
  ListenerSet set;
  for (int i = 0; i < states.size(); ++i) {
    absl::StatusOr<Shared> shared = RestoreShared(states[i], sockets, config);
    if (!shared.ok()) return InStateField(absl::StrCat("listener[", i, "]"), shared.status());
    set.listeners_.push_back(*std::move(shared));
  }
  // The addresses of a configuration include none of each other.
  for (Shared& shared : set.listeners_) {
    const listen::Address& bound = shared.sockets.front()->address();
    for (const Shared& other : set.listeners_) {
      if (other.user != shared.user) continue;
      if (other.sockets.front()->address().Includes(bound)) shared.is_within = true;
    }
  }
  return set;
}

absl::StatusOr<ListenerSet::Shared> ListenerSet::RestoreShared(const ListenedAddress& state,
                                                               RestoredSockets& sockets,
                                                               const config::v1::Config& config) {
  Shared shared;
  switch (state.user()) {
    case state::v1::SERVICE:
      shared.user = SocketUser::kService;
      break;
    case state::v1::ADMIN:
      shared.user = SocketUser::kAdmin;
      break;
    case state::v1::METRICS:
      shared.user = SocketUser::kMetrics;
      break;
    default:
      return StateError("user", absl::StrCat(state.user(), " is not one"));
  }
  shared.field = state.field();
  if (shared.user == SocketUser::kService) shared.place = PlaceIn(state.field(), config);
  if (shared.place > 0) shared.listen = config.listen(shared.place - 1);
  const absl::StatusOr<listen::Address> wanted = listen::Address::Parse(state.wanted());
  if (!wanted.ok()) return StateError("wanted", wanted.status().message());
  shared.wanted = *wanted;
  if (!state.has_rights()) return StateError("rights", "is missing");
  const absl::StatusOr<listen::SocketRights> rights = RestoreSocketRights(state.rights());
  if (!rights.ok()) return InStateField("rights", rights.status());
  shared.rights = *rights;
  if (state.backlog() > std::numeric_limits<int>::max()) {
    return StateError("backlog", absl::StrCat(state.backlog(), " is too large"));
  }
  shared.backlog = static_cast<int>(state.backlog());
  shared.is_spread = state.is_spread();
  if (state.socket().empty()) return StateError("socket", "is missing");
  for (const std::uint32_t place : state.socket()) {
    MUSTER_ASSIGN_OR_RETURN(std::shared_ptr<Listener> socket, sockets.At(place));
    if (socket->address().family() != shared.wanted.family()) {
      return StateError("socket", absl::StrCat(place, ", which has ", socket->address().ToString(),
                                               ", is not for ", state.wanted()));
    }
    shared.sockets.push_back(std::move(socket));
  }
  return shared;
}

void ListenerSet::Own() const {
  for (const Shared& shared : listeners_) {
    for (const auto& socket : shared.sockets) socket->Own();
  }
}

void ListenerSet::DisownFiles() const {
  for (const Shared& shared : listeners_) {
    for (const auto& socket : shared.sockets) {
      if (socket->has_file()) socket->file().Disown();
    }
  }
}

}  // namespace muster::master
