#include "muster/master/process/listener_set.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

std::string FieldOf(std::size_t index) { return absl::StrCat("listen[", index, "].address"); }

// The changes of an attempt to listen, taken back unless they are kept.
class BegunListeners {
 public:
  BegunListeners() = default;
  BegunListeners(const BegunListeners&) = delete;
  BegunListeners& operator=(const BegunListeners&) = delete;
  ~BegunListeners() {
    for (Listener* listener : listening_) listener->StopListening();
    for (Listener* listener : sharing_) (void)listener->SharePort(false);
  }
  void Keep() {
    listening_.clear();
    sharing_.clear();
  }

  // Listens on those that do not yet. The first one is bound without the others, and lets them in.
  absl::Status Begin(const std::vector<std::shared_ptr<Listener>>& sockets, int backlog) {
    Listener& first = *sockets.front();
    for (const auto& socket : sockets) {
      if (socket->is_listening()) continue;
      if (socket.get() != &first && !first.shares_port()) {
        MUSTER_RETURN_IF_ERROR(first.SharePort(true));
        sharing_.push_back(&first);
      }
      MUSTER_RETURN_IF_ERROR(socket->Listen(backlog));
      listening_.push_back(socket.get());
    }
    return absl::OkStatus();
  }

 private:
  std::vector<Listener*> listening_;
  std::vector<Listener*> sharing_;
};

}  // namespace

absl::StatusOr<ListenerSet> ListenerSet::Make(const config::v1::Config& config,
                                              std::uint32_t workers, const ListenerSet& current) {
  ListenerSet made;
  for (int i = 0; i < config.listen_size(); ++i) {
    const config::v1::Listen& listen = config.listen(i);
    const std::string field = FieldOf(static_cast<std::size_t>(i));
    Shared shared;
    shared.written = listen.address();
    const auto old =
        std::find_if(current.listeners_.begin(), current.listeners_.end(),
                     [&](const Shared& candidate) { return candidate.written == shared.written; });
    if (old != current.listeners_.end()) shared.sockets = old->sockets;
    const absl::StatusOr<Address> address = Address::Parse(listen.address());
    if (!address.ok()) return config::AtField(address.status(), field);
    shared.backlog = static_cast<int>(listen.backlog());
    // The kernel spreads connections over TCP sockets only.
    shared.is_spread = config.accept() == config::v1::REUSEPORT && !address->is_unix();
    MUSTER_RETURN_IF_ERROR(
        config::AtField(Complete(shared, *address, shared.is_spread ? workers : 1), field));
    made.listeners_.push_back(std::move(shared));
  }
  return made;
}

absl::Status ListenerSet::Complete(Shared& shared, const Address& address, std::size_t sockets) {
  if (shared.sockets.empty()) {
    MUSTER_ASSIGN_OR_RETURN(Listener first, Listener::Bind(address));
    shared.sockets.push_back(std::make_shared<Listener>(std::move(first)));
  }
  while (shared.sockets.size() < sockets) {
    MUSTER_ASSIGN_OR_RETURN(Listener next, shared.sockets[0]->MakeSibling());
    shared.sockets.push_back(std::make_shared<Listener>(std::move(next)));
  }
  return absl::OkStatus();
}

absl::Status ListenerSet::Listen() {
  BegunListeners begun;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    MUSTER_RETURN_IF_ERROR(
        config::AtField(begun.Begin(listeners_[i].sockets, listeners_[i].backlog), FieldOf(i)));
  }
  // Last: on a socket that listens this has no reason to fail.
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    for (const auto& socket : listeners_[i].sockets) {
      MUSTER_RETURN_IF_ERROR(config::AtField(socket->Listen(listeners_[i].backlog), FieldOf(i)));
    }
  }
  begun.Keep();
  return absl::OkStatus();
}

std::vector<ListenerSet::Entry> ListenerSet::ForWorker(std::uint32_t index,
                                                       std::uint32_t workers) const {
  std::vector<Entry> entries;
  for (const Shared& shared : listeners_) {
    // Who has more sockets than it spreads over was spread before: all workers take from all.
    const std::size_t first = shared.is_spread ? index : 0;
    const std::size_t step = shared.is_spread ? workers : 1;
    for (std::size_t i = first; i < shared.sockets.size(); i += step) {
      const Listener& socket = *shared.sockets[i];
      entries.push_back({socket.address().ToString(), socket.fd()});
    }
  }
  return entries;
}

std::vector<std::string> ListenerSet::addresses() const {
  std::vector<std::string> addresses;
  for (const Shared& shared : listeners_) {
    addresses.push_back(shared.sockets[0]->address().ToString());
  }
  return addresses;
}

}  // namespace muster::master
