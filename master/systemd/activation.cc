#include "muster/master/systemd/activation.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/base/status.h"
#include "muster/listen/address.h"
#include "muster/master/aside/call_in_time.h"
#include "muster/master/deployment/stored_zone.h"
#include "muster/master/systemd/stored_name.h"
#include "muster/worker/metrics/wanted_zones.h"

namespace muster::master {

using worker::UserZone;

Activation Activation::Of(PassedDescriptors passed, Log& log) {
  Activation activation;
  if (!passed.ignored.empty()) log.Write(Severity::kInfo, passed.ignored);
  for (PassedDescriptors::One& one : passed.all) activation.Add(std::move(one), log);
  activation.SetListeners();
  return activation;
}

void Activation::SetListeners() {
  std::vector<std::shared_ptr<Listener>> listeners;
  for (const Socket& socket : sockets_) listeners.push_back(socket.listener);
  listeners_ = ListenerSet::OfPassed(listeners);
}

void Activation::Add(PassedDescriptors::One one, Log& log) {
  const std::optional<StoredName> stored = StoredName::Parse(one.name);
  if (stored.has_value()) stored_.push_back(one.name);
  if (stored.has_value() && stored->kind == StoredName::Kind::kZone) {
    waiting_.push_back({std::move(one), stored->id, stored->zone});
    return;
  }
  const std::string described = one.Describe();
  absl::StatusOr<Listener> listener =
      Listener::Adopt(std::move(one.fd), /*is_shared=*/!stored.has_value());
  if (!listener.ok()) {
    log.Write(Severity::kWarning,
              absl::StrCat(described, " of the service manager is not used: it ",
                           listener.status().message()));
    return;
  }
  sockets_.push_back({std::make_shared<Listener>(*std::move(listener)), described});
}

absl::Status Activation::AttachZones(const config::v1::Config& config, absl::Duration timeout,
                                     Log& log) {
  const std::vector<worker::WantedZone> all_wanted = worker::WantedZones(config);
  for (Zone& zone : std::exchange(waiting_, {})) {
    const auto wanted =
        std::find_if(all_wanted.begin(), all_wanted.end(),
                     [&](const worker::WantedZone& each) { return each.name == zone.name; });
    if (wanted == all_wanted.end()) {
      log.Write(Severity::kInfo, absl::StrCat("zone ", zone.name,
                                              " of the service manager's store is dropped: the "
                                              "configuration has no zone of this name"));
      continue;
    }
    using Attached = absl::StatusOr<std::shared_ptr<const UserZone>>;
    MUSTER_ASSIGN_OR_RETURN(
        Attached attached,
        CallInTime<Attached>(
            [name = zone.name, size_bytes = wanted->size_bytes, id = zone.instance_id,
             memory = std::move(zone.memory.fd)](int) mutable {
              const host::WaitNote note("attaching zone", name);
              return AdoptStoredZone(name, size_bytes, id, std::move(memory));
            },
            timeout));
    if (!attached.ok()) {
      log.Write(Severity::kWarning, absl::StrCat("zone ", zone.name,
                                                 " of the service manager's store is not used, a "
                                                 "new one is made: ",
                                                 attached.status().message()));
      continue;
    }
    // Two of one name: a master was killed while it replaced one by the other.
    const auto older = std::find_if(zones_.begin(), zones_.end(),
                                    [&](const auto& other) { return other->name() == zone.name; });
    if (older != zones_.end()) zones_.erase(older);
    zones_.push_back(*std::move(attached));
    log.Write(Severity::kInfo, absl::StrCat("zone ", zone.name, " goes on with what it had"));
  }
  return absl::OkStatus();
}

bool Activation::IsWanted(const config::v1::Config& config,
                          const std::shared_ptr<Listener>& socket) const {
  std::vector<std::string> addresses(config.admin().listen().begin(),
                                     config.admin().listen().end());
  if (config.admin().has_metrics()) addresses.push_back(config.admin().metrics().listen());
  const ListenerSet only = ListenerSet::OfPassed({socket});
  for (const std::string& text : addresses) {
    const absl::StatusOr<listen::Address> address = listen::Address::Parse(text);
    if (address.ok() && only.HasPassed(*address)) return true;
  }
  for (const config::v1::Listen& listen : config.listen()) {
    const absl::StatusOr<listen::Address> address = listen::Address::Parse(listen.address());
    if (!address.ok()) continue;
    if (only.HasPassed(*address)) return true;
    // Both listen: this one goes on within that.
    if (address->Includes(socket->address()) && listeners_.HasPassed(*address)) return true;
  }
  return false;
}

void Activation::CloseUnwanted(const config::v1::Config& config, Log& log) {
  for (Socket& socket : std::exchange(sockets_, {})) {
    Listener& listener = *socket.listener;
    if (listener.is_shared() || IsWanted(config, socket.listener)) {
      sockets_.push_back(std::move(socket));
      continue;
    }
    log.Write(Severity::kInfo, absl::StrCat(listener.address().ToString(),
                                            " of the service manager's store is closed: the "
                                            "configuration does not name it"));
    // As when a reload drops it.
    if (listener.has_file()) listener.file().Own();
    listener.StopListening();
  }
  SetListeners();
}

ListenerSet Activation::Settle(const ListenerSet& used, Log& log) {
  const std::vector<std::shared_ptr<Listener>> in_use = used.sockets();
  std::vector<std::shared_ptr<Listener>> kept;
  for (Socket& socket : std::exchange(sockets_, {})) {
    const std::string address = socket.listener->address().ToString();
    const bool is_used = std::count(in_use.begin(), in_use.end(), socket.listener) > 0;
    if (is_used) {
      log.Write(Severity::kInfo,
                absl::StrCat(address, " is ", socket.described, " of the service manager"));
    } else if (socket.listener->is_shared()) {
      log.Write(Severity::kWarning,
                absl::StrCat(socket.described, " of the service manager listens on ", address,
                             ", which the configuration does not name: nobody accepts there"));
    } else {
      log.Write(Severity::kInfo, absl::StrCat(address,
                                              " of the service manager's store is closed: another "
                                              "socket has its address"));
    }
    if (socket.listener->is_shared()) kept.push_back(std::move(socket.listener));
  }
  listeners_ = ListenerSet();
  zones_.clear();
  return ListenerSet::OfPassed(kept);
}

}  // namespace muster::master
