#include "muster/master/admin/connection/handshake_end.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace muster::master {
namespace {

using admin::v1::RefusedHandshake;

}  // namespace

RefusedHandshake::Reason WhyHandshakeEnded(int socket, std::chrono::steady_clock::duration age) {
  tcp_info info = {};
  socklen_t size = sizeof(info);
  const bool is_known = ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
  const int state = is_known ? int{info.tcpi_state} : int{TCP_CLOSE};
  switch (state) {
    case TCP_CLOSE_WAIT:
    case TCP_LAST_ACK:
      return RefusedHandshake::CLIENT_LEFT;
    case TCP_FIN_WAIT1:
    case TCP_FIN_WAIT2:
    case TCP_CLOSING:
    case TCP_TIME_WAIT:
      return age >= kHandshakePatience ? RefusedHandshake::TIMED_OUT
                                       : RefusedHandshake::CLIENT_REFUSED;
    default:
      // Reset, or over on both sides by now.
      return age >= kHandshakePatience ? RefusedHandshake::TIMED_OUT : RefusedHandshake::ENDED;
  }
}

}  // namespace muster::master
