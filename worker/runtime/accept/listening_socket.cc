#include "muster/worker/runtime/accept/listening_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace muster::worker {

ListeningSocket::ListeningSocket(InheritedListener listener,
                                 std::shared_ptr<const ListenerTerms> terms)
    : address_(std::move(listener.address)), fd_(std::move(listener.fd)), terms_(std::move(terms)) {
  // Accepted sockets inherit it, which saves a system call for each. On a Unix
  // socket it fails, and nothing is lost.
  const int on = 1;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

bool ListeningSocket::listens() const {
  int listens = 0;
  socklen_t size = sizeof(listens);
  return ::getsockopt(fd_.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

ListeningSocket::Outcome ListeningSocket::Accept(Connection* connection) const {
  for (;;) {
    sockaddr_storage peer = {};
    socklen_t size = sizeof(peer);
    const int fd = ::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      connection->fd.reset(fd);
      connection->origin.address = PeerAddress(peer);
      if (peer.ss_family == AF_UNIX) connection->origin.credentials = ReadPeerCredentials(fd);
      return Outcome::kAccepted;
    }
    switch (errno) {
      case EAGAIN:
        return Outcome::kNothing;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return Outcome::kNoDescriptor;
      // What happened to one connection while it waited, which accept(2) reports in its
      // place; the connection is gone.
      case EINTR:
      case ECONNABORTED:
      case EPERM:
      case EPROTO:
      case ENETDOWN:
      case ENOPROTOOPT:
      case EHOSTDOWN:
      case ENONET:
      case EHOSTUNREACH:
      case EOPNOTSUPP:
      case ENETUNREACH:
      case ETIMEDOUT:
        continue;
      default:
        return Outcome::kFailed;
    }
  }
}

}  // namespace muster::worker
