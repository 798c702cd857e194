#ifndef MUSTER_TESTS_SUPPORT_LINGERING_SOCKET_H_
#define MUSTER_TESTS_SUPPORT_LINGERING_SOCKET_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "muster/ipc/base/unique_fd.h"

namespace muster::tests {

// A TCP connection with more bytes to send than anybody takes. Who closes it last waits for them
// for an hour, or until this object ends.
class LingeringSocket {
 public:
  LingeringSocket();
  ~LingeringSocket();
  LingeringSocket(const LingeringSocket&) = delete;
  LingeringSocket& operator=(const LingeringSocket&) = delete;

  // Sends `bytes` over the Unix socket `over`, and the connection with them; this process has it no
  // more. Call it while the receiver does not read. False: the kernel refuses it for the receiver.
  bool SendAway(int over, const std::string& bytes);

 private:
  ipc::UniqueFd listener_;  // the other end waits there
  ipc::UniqueFd socket_;
};

// The Unix sockets of process `pid` that are bound to `path`, or all of its Unix sockets if it is
// empty; as duplicates.
std::vector<ipc::UniqueFd> UnixSocketsOf(pid_t pid, const std::string& path = "");

// Lets descriptors be sent to these sockets, as a kernel before Linux 6.16 always does.
void AllowDescriptors(const std::vector<ipc::UniqueFd>& sockets);

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_LINGERING_SOCKET_H_
