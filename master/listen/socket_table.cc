#include "muster/master/listen/socket_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/master/keep/state_error.h"

namespace muster::master {

std::uint32_t SavedSockets::PlaceOf(const std::shared_ptr<Listener>& socket) {
  const auto [found, is_new] =
      places_.emplace(socket.get(), static_cast<std::uint32_t>(sockets_.size()));
  if (is_new) sockets_.push_back(socket);
  return found->second;
}

google::protobuf::RepeatedPtrField<state::v1::Socket> SavedSockets::Save(
    DescriptorKeep& keep) const {
  google::protobuf::RepeatedPtrField<state::v1::Socket> states;
  for (const auto& socket : sockets_) *states.Add() = socket->Save(keep);
  return states;
}

absl::StatusOr<RestoredSockets> RestoredSockets::Restore(
    const google::protobuf::RepeatedPtrField<state::v1::Socket>& states,
    DescriptorInheritance& descriptors) {
  RestoredSockets restored;
  for (int i = 0; i < states.size(); ++i) {
    absl::StatusOr<Listener> listener = Listener::Restore(states[i], descriptors);
    if (!listener.ok()) {
      return InStateField(absl::StrCat("socket[", i, "]"), listener.status());
    }
    restored.sockets_.push_back({std::make_shared<Listener>(*std::move(listener))});
  }
  return restored;
}

absl::StatusOr<std::shared_ptr<Listener>> RestoredSockets::At(std::uint32_t place) {
  if (place >= sockets_.size()) {
    return StateError("socket",
                      absl::StrCat(place, " is not the place of one of ", sockets_.size()));
  }
  sockets_[place].is_taken = true;
  return sockets_[place].listener;
}

absl::Status RestoredSockets::CheckAllTaken() const {
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if (sockets_[i].is_taken) continue;
    return StateError(absl::StrCat("socket[", i, "]"), "no generation has it");
  }
  return absl::OkStatus();
}

}  // namespace muster::master
