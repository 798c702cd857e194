#include "muster/master/listen/listener_set.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/host/file_id.h"
#include "muster/ipc/base/status.h"
#include "muster/master/listen/process_listeners.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

// Connections to the master that wait to be accepted: as many as the kernel allows. With a
// full queue, connect() of a client that does not block fails at once, and gRPC's does not block.
constexpr int kMasterBacklog = SOMAXCONN;

}  // namespace

absl::StatusOr<ListenerSet> ListenerSet::Make(const config::v1::Config& config,
                                              std::uint32_t workers, const ListenerSet& current) {
  ListenerSet made;
  for (int i = 0; i < config.listen_size(); ++i) {
    MUSTER_ASSIGN_OR_RETURN(Shared shared, Read(config, i));
    made.listeners_.push_back(std::move(shared));
  }
  const config::v1::Admin& admin = config.admin();
  MUSTER_ASSIGN_OR_RETURN(
      const listen::SocketRights rights,
      listen::FindSocketRights(admin.mode(), admin.owner(), admin.group(), "admin"));
  for (int i = 0; i < admin.listen_size(); ++i) {
    MUSTER_ASSIGN_OR_RETURN(Shared shared,
                            ReadForMaster(SocketUser::kAdmin, absl::StrCat("admin.listen[", i, "]"),
                                          admin.listen(i), rights));
    made.listeners_.push_back(std::move(shared));
  }
  if (admin.has_metrics()) {
    MUSTER_ASSIGN_OR_RETURN(Shared shared,
                            ReadForMaster(SocketUser::kMetrics, "admin.metrics.listen",
                                          admin.metrics().listen(), rights));
    made.listeners_.push_back(std::move(shared));
  }
  made.TakeOver(current);
  for (Shared& shared : made.listeners_) {
    const absl::Status status = made.Complete(shared, shared.is_spread ? workers : 1, current);
    MUSTER_RETURN_IF_ERROR(config::AtField(status, shared.field));
  }
  return made;
}

absl::StatusOr<ListenerSet::Plan> ListenerSet::PlanFor(const config::v1::Config& config,
                                                       const ListenerSet& current) {
  ListenerSet then;
  for (int i = 0; i < config.listen_size(); ++i) {
    MUSTER_ASSIGN_OR_RETURN(Shared shared, Read(config, i));
    then.listeners_.push_back(std::move(shared));
  }
  then.TakeOver(current);
  Plan plan;
  for (const Shared& shared : then.listeners_) {
    if (shared.sockets.empty()) {
      plan.made.push_back(shared.wanted.ToString());
    } else {
      plan.kept.push_back(shared.sockets.front()->address().ToString());
    }
  }
  for (const std::string& address : current.addresses()) {
    if (std::count(plan.kept.begin(), plan.kept.end(), address) == 0) {
      plan.dropped.push_back(address);
    }
  }
  return plan;
}

absl::StatusOr<ListenerSet::Shared> ListenerSet::Read(const config::v1::Config& config, int index) {
  const config::v1::Listen& listen = config.listen(index);
  const std::string field = absl::StrCat("listen[", index, "]");
  Shared shared;
  shared.field = field + ".address";
  shared.place = index + 1;
  shared.listen = listen;
  const absl::StatusOr<listen::Address> address = listen::Address::Parse(listen.address());
  if (!address.ok()) return config::AtField(address.status(), shared.field);
  shared.wanted = *address;
  MUSTER_ASSIGN_OR_RETURN(shared.rights, listen::FindSocketRights(listen.mode(), listen.owner(),
                                                                  listen.group(), field));
  shared.backlog = static_cast<int>(listen.backlog());
  // The kernel spreads connections over TCP sockets only.
  shared.is_spread = config.accept() == config::v1::REUSEPORT && !address->is_unix();
  return shared;
}

absl::StatusOr<ListenerSet::Shared> ListenerSet::ReadForMaster(SocketUser user,
                                                               const std::string& field,
                                                               const std::string& address,
                                                               const listen::SocketRights& rights) {
  const absl::StatusOr<listen::Address> wanted = listen::Address::Parse(address);
  if (!wanted.ok()) return config::AtField(wanted.status(), field);
  Shared shared;
  shared.user = user;
  shared.field = field;
  shared.wanted = *wanted;
  shared.rights = rights;
  shared.backlog = kMasterBacklog;
  return shared;
}

PresentSocket ListenerSet::PresentAs(const Shared& shared) {
  const Listener& socket = *shared.sockets.front();
  return {shared.user, shared.wanted, socket.address(),
          socket.has_file() ? std::optional(socket.file().id()) : std::nullopt};
}

void ListenerSet::TakeOver(const ListenerSet& current) {
  std::vector<PresentSocket> present;
  for (const Shared& shared : current.listeners_) present.push_back(PresentAs(shared));
  std::vector<WantedSocket> wanted;
  for (const Shared& shared : listeners_) {
    wanted.push_back(
        {shared.user, shared.wanted,
         shared.wanted.is_unix() ? host::FileId::AtPath(shared.wanted.path()) : std::nullopt});
  }
  const SocketChoice choice = ChooseSockets(wanted, present);
  std::vector<Shared> within;
  for (std::size_t i = 0; i < choice.fates.size(); ++i) {
    const SocketChoice::Fate& fate = choice.fates[i];
    Shared& shared = listeners_[i];
    shared.is_beside = fate.is_beside;
    if (fate.kept.has_value()) shared.sockets = current.listeners_[*fate.kept].sockets;
    for (const std::size_t at : fate.within) {
      Shared& kept = within.emplace_back(shared);
      kept.wanted = present[at].bound;
      kept.is_within = true;
      kept.sockets = current.listeners_[at].sockets;
    }
  }
  std::move(within.begin(), within.end(), std::back_inserter(listeners_));
}

absl::Status ListenerSet::Complete(Shared& shared, std::size_t sockets,
                                   const ListenerSet& current) const {
  if (shared.sockets.empty()) {
    absl::StatusOr<Listener> first = shared.is_beside
                                         ? Listener::MakeBeside(shared.wanted)
                                         : Listener::Bind(shared.wanted, shared.rights);
    if (absl::IsAlreadyExists(first.status()) && !shared.is_beside) {
      return ExplainInUse(first.status(), shared.wanted, current);
    }
    if (!first.ok()) return first.status();
    shared.sockets.push_back(std::make_shared<Listener>(*std::move(first)));
  }
  while (shared.sockets.size() < sockets) {
    MUSTER_ASSIGN_OR_RETURN(Listener next, shared.sockets.front()->MakeSibling());
    shared.sockets.push_back(std::make_shared<Listener>(std::move(next)));
  }
  return absl::OkStatus();
}

absl::Status ListenerSet::ExplainInUse(const absl::Status& status, const listen::Address& wanted,
                                       const ListenerSet& current) const {
  for (const ListenerSet* set : {&current, this}) {
    for (const Shared& other : set->listeners_) {
      if (other.sockets.empty()) continue;
      const listen::Address& bound = other.sockets.front()->address();
      const bool is_in_the_way = bound.is_unix()
                                     ? wanted.is_unix() && host::FileId::AtPath(wanted.path()) ==
                                                               other.sockets.front()->file().id()
                                     : bound.Overlaps(wanted);
      if (!is_in_the_way) continue;
      return absl::AlreadyExistsError(absl::StrCat(
          "bind ", wanted.ToString(), ": Address already in use; this master itself listens on ",
          bound.ToString(),
          set == this                         ? ""
          : other.user == SocketUser::kNobody ? ", with a socket that the service manager passed"
                                              : ", until a reload has left that out"));
    }
  }
  // A worker may still have a listener that the master has closed. A Unix socket's path is free
  // then.
  const std::optional<pid_t> child = wanted.is_unix() ? std::nullopt : FindChildAt(wanted);
  if (!child.has_value()) return status;
  return absl::AlreadyExistsError(absl::StrCat("bind ", wanted.ToString(),
                                               ": Address already in use; process ", *child,
                                               ", a worker of this master, has not closed it yet"));
}

absl::Status ListenerSet::Listen(const ListenerSet& present) {
  ListenAttempt attempt;
  MUSTER_RETURN_IF_ERROR(Listen(attempt, present));
  attempt.Keep();
  return absl::OkStatus();
}

absl::Status ListenerSet::Listen(ListenAttempt& attempt, const ListenerSet& present) {
  const std::vector<std::shared_ptr<Listener>> neighbors = present.sockets();
  // Last those that take clients from others: to take that back would lose who came meanwhile.
  for (const bool is_beside : {false, true}) {
    for (const Shared& shared : listeners_) {
      if (shared.is_beside != is_beside) continue;
      absl::Status status = attempt.Listen(shared.sockets, shared.backlog, neighbors);
      if (status.ok()) status = attempt.SetRights(shared.sockets.front(), shared.rights);
      MUSTER_RETURN_IF_ERROR(config::AtField(status, shared.field));
    }
  }
  // Last: on a socket that listens this has no reason to fail.
  for (const Shared& shared : listeners_) {
    for (const auto& socket : shared.sockets) {
      const absl::Status status = attempt.SetBacklog(socket, shared.backlog);
      MUSTER_RETURN_IF_ERROR(config::AtField(status, shared.field));
    }
  }
  return absl::OkStatus();
}

absl::Status ListenerSet::ListenForMaster() {
  for (const Shared& shared : listeners_) {
    if (shared.user == SocketUser::kService) continue;
    const absl::Status status = shared.sockets.front()->Listen(shared.backlog);
    MUSTER_RETURN_IF_ERROR(config::AtField(status, shared.field));
  }
  return absl::OkStatus();
}

absl::Status ListenerSet::RestoreForMaster() {
  absl::Status first;
  for (Shared& shared : listeners_) {
    if (shared.user == SocketUser::kService) continue;
    const Listener& lost = *shared.sockets.front();
    if (!lost.has_file() || lost.file().IsThere()) continue;
    absl::StatusOr<Listener> made = Listener::Bind(shared.wanted, shared.rights);
    if (made.ok()) {
      auto found = std::make_shared<Listener>(*std::move(made));
      const absl::Status status = found->Listen(shared.backlog);
      if (status.ok()) shared.sockets = {std::move(found)};
      first.Update(status);
    }
    first.Update(made.status());
  }
  return first;
}

void ListenerSet::AddFrom(const ListenerSet& other) {
  for (const Shared& shared : other.listeners_) {
    if (!Has(shared)) listeners_.push_back(shared);
  }
}

bool ListenerSet::Has(const Shared& shared) const {
  return std::any_of(listeners_.begin(), listeners_.end(), [&](const Shared& own) {
    return own.sockets.front() == shared.sockets.front();
  });
}

ListenerSet ListenerSet::Without(const ListenerSet& other) const {
  ListenerSet rest;
  for (const Shared& shared : listeners_) {
    if (!other.Has(shared)) rest.listeners_.push_back(shared);
  }
  return rest;
}

ListenerSet ListenerSet::WithoutUnixBut(const ListenerSet& other) const {
  ListenerSet rest;
  for (const Shared& shared : listeners_) {
    if (!shared.wanted.is_unix() || other.Has(shared)) rest.listeners_.push_back(shared);
  }
  return rest;
}

ListenerSet ListenerSet::OnlyWith(const std::vector<const Listener*>& sockets) const {
  ListenerSet only;
  for (const Shared& shared : listeners_) {
    const bool has_one =
        std::any_of(shared.sockets.begin(), shared.sockets.end(), [&](const auto& socket) {
          return std::count(sockets.begin(), sockets.end(), socket.get()) > 0;
        });
    if (has_one) only.listeners_.push_back(shared);
  }
  return only;
}

bool ListenerSet::Has(const Listener& socket) const {
  return !OnlyWith({&socket}).listeners_.empty();
}

const config::v1::Listen* ListenerSet::ConfigOf(const Listener& socket) const {
  for (const Shared& shared : listeners_) {
    if (shared.place == 0) continue;
    for (const auto& own : shared.sockets) {
      if (own.get() == &socket) return &shared.listen;
    }
  }
  return nullptr;
}

std::vector<std::shared_ptr<const Listener>> ListenerSet::For(SocketUser user) const {
  std::vector<std::shared_ptr<const Listener>> sockets;
  for (const Shared& shared : listeners_) {
    if (shared.user == user) sockets.push_back(shared.sockets.front());
  }
  return sockets;
}

std::shared_ptr<const Listener> ListenerSet::ForMetrics() const {
  const std::vector<std::shared_ptr<const Listener>> sockets = For(SocketUser::kMetrics);
  return sockets.empty() ? nullptr : sockets.front();
}

ListenerSet ListenerSet::OnlyForMaster() const {
  ListenerSet only;
  for (const Shared& shared : listeners_) {
    if (shared.user != SocketUser::kService) only.listeners_.push_back(shared);
  }
  return only;
}

ListenerSet ListenerSet::OnlyForService() const {
  ListenerSet only;
  for (const Shared& shared : listeners_) {
    if (shared.user == SocketUser::kService) only.listeners_.push_back(shared);
  }
  return only;
}

std::vector<worker::HandedListener> ListenerSet::ForWorker(std::uint32_t index,
                                                           std::uint32_t workers) const {
  std::vector<worker::HandedListener> entries;
  for (const Shared& shared : listeners_) {
    if (shared.user != SocketUser::kService) continue;
    // Who has more sockets than it spreads over was spread before: all workers take from all.
    const std::size_t first = shared.is_spread ? index : 0;
    const std::size_t step = shared.is_spread ? workers : 1;
    for (std::size_t i = first; i < shared.sockets.size(); i += step) {
      const Listener& socket = *shared.sockets[i];
      entries.push_back(
          {socket.address().ToString(), socket.fd(), static_cast<std::uint32_t>(shared.place)});
    }
  }
  return entries;
}

std::vector<std::string> ListenerSet::addresses() const {
  std::vector<std::string> addresses;
  for (const Shared& shared : listeners_) {
    if (shared.user != SocketUser::kService || shared.is_within) continue;
    addresses.push_back(shared.sockets[0]->address().ToString());
  }
  return addresses;
}

bool ListenerSet::HasSocketAt(const std::string& address) const {
  return std::any_of(listeners_.begin(), listeners_.end(), [&](const Shared& shared) {
    return shared.user == SocketUser::kService &&
           shared.sockets.front()->address().ToString() == address;
  });
}

std::vector<std::string> ListenerSet::UnreachableAddresses() const {
  std::vector<std::string> addresses;
  for (const Shared& shared : listeners_) {
    const Listener& socket = *shared.sockets[0];
    if (shared.user != SocketUser::kService) continue;
    if (socket.has_file() && !socket.file().IsThere()) {
      addresses.push_back(socket.address().ToString());
    }
  }
  return addresses;
}

}  // namespace muster::master
