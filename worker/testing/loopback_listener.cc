#include "muster/worker/testing/loopback_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "muster/ipc/base/check.h"

namespace muster::worker::testing {

LoopbackListener::LoopbackListener()
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  MUSTER_CHECK(::bind(fd_.get(), generic, size) == 0 && ::listen(fd_.get(), 511) == 0 &&
                   ::getsockname(fd_.get(), generic, &size) == 0,
               "the test listens");
  port_ = ntohs(address.sin_port);
}

InheritedListener LoopbackListener::Inherit() const {
  auto copy = ipc::DuplicateFd(fd_.get());
  MUSTER_CHECK(copy.ok(), "a listener is duplicated");
  return {"127.0.0.1:0", *std::move(copy)};
}

}  // namespace muster::worker::testing
