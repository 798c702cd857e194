#ifndef MUSTER_MASTER_LISTEN_LISTENER_SET_FIXTURE_H_
#define MUSTER_MASTER_LISTEN_LISTENER_SET_FIXTURE_H_

#include <sys/socket.h>

#include <string>
#include <vector>

#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// What the tests of listeners and their sets have in common.

// A configuration whose service has these addresses, each with a backlog of 8.
inline config::v1::Config ConfigWith(const std::vector<std::string>& addresses,
                                     config::v1::Accept accept = config::v1::EXCLUSIVE) {
  config::v1::Config config;
  config.set_accept(accept);
  for (const std::string& address : addresses) {
    config::v1::Listen* const listen = config.add_listen();
    listen->set_address(address);
    listen->set_backlog(8);
  }
  return config;
}

// The same with addresses for the admin service.
inline config::v1::Config ConfigWithAdmin(const std::vector<std::string>& addresses,
                                          const std::vector<std::string>& admin) {
  config::v1::Config config = ConfigWith(addresses);
  for (const std::string& address : admin) config.mutable_admin()->add_listen(address);
  return config;
}

// Whether the kernel admits a client there.
inline bool Connects(const std::string& text) {
  const listen::Address address = *listen::Address::Parse(text);
  const ipc::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), address.get(), address.size()) == 0;
}

}  // namespace muster::master

#endif  // MUSTER_MASTER_LISTEN_LISTENER_SET_FIXTURE_H_
