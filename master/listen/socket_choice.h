#ifndef MUSTER_MASTER_LISTEN_SOCKET_CHOICE_H_
#define MUSTER_MASTER_LISTEN_SOCKET_CHOICE_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "muster/host/file_id.h"
#include "muster/listen/address.h"

namespace muster::master {

// Who a socket is for. It never passes from one to another. What a service manager has passed is
// for nobody, until somebody wants it.
enum class SocketUser { kService, kAdmin, kMetrics, kNobody };

// An address that a configuration has.
struct WantedSocket {
  SocketUser user = SocketUser::kService;
  listen::Address address;           // perhaps with port 0
  std::optional<host::FileId> file;  // to which the path of a Unix socket leads now
};

// A socket of this process, which listens or could.
struct PresentSocket {
  SocketUser user = SocketUser::kService;
  listen::Address wanted;  // by the configuration for which it was made, perhaps with port 0
  listen::Address bound;   // with the real port
  std::optional<host::FileId> file;  // its own, of a Unix socket
};

// Whether the socket is what is wanted. Two of port 0 are the same wish.
bool Fits(const PresentSocket& present, const WantedSocket& wanted);

// What becomes of the sockets of a master when its configuration changes. A pure function.
//
// A socket whose address is still served is kept, so that no connection that waits in it is lost:
// that of the very address, and those of single addresses of which the configuration now has the
// address that means any. Sockets whose address no one wants any more are dropped, and may go on
// for a while. So a new one may have to be bound beside others that overlap with it.
struct SocketChoice {
  struct Fate {
    std::optional<std::size_t> kept;  // the place among those present; empty: to be made
    // To be made while sockets for the same user have addresses that overlap with it.
    bool is_beside = false;
    // Places of those that are kept, too, since the address includes theirs.
    std::vector<std::size_t> within;
  };

  std::vector<Fate> fates;           // of those wanted, in their order
  std::vector<std::size_t> dropped;  // places of those present
};

// Each present socket is kept once at most. A wanted port 0 gets one that was made for the same
// wish, but not one that another one asks for by its port. A Unix socket is kept if the path leads
// to its file, however it is written.
SocketChoice ChooseSockets(const std::vector<WantedSocket>& wanted,
                           const std::vector<PresentSocket>& present);

}  // namespace muster::master

#endif  // MUSTER_MASTER_LISTEN_SOCKET_CHOICE_H_
