#ifndef MUSTER_TESTS_SUPPORT_TCP_CONNECTION_H_
#define MUSTER_TESTS_SUPPORT_TCP_CONNECTION_H_

#include <string>

#include "muster/ipc/base/unique_fd.h"

namespace muster::tests {

// What the clients of the tests have in common. `address`: "127.0.0.1:7070". The connection waits
// for at most kPatience to connect, and in each send(2) and recv(2); what is sent goes out at once.
// Invalid if nobody listens there, or the address is none.
ipc::UniqueFd ConnectTo(const std::string& address);

// False: the connection has ended, or its peer took nothing for kPatience.
bool SendAll(const ipc::UniqueFd& connection, const std::string& bytes);

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_TCP_CONNECTION_H_
