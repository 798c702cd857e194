#ifndef MUSTER_MASTER_ADMIN_CONNECTION_CONNECTION_SHARES_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_CONNECTION_SHARES_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace muster::master {

// Of `connections`, by whose they are (Peer::share), none of which is idle: who gives one up for a
// new one of `newcomer`. Who has most, if that is more than the newcomer would have then. Nothing:
// nobody. Pure.
std::optional<std::string> WhoGivesUpOne(const std::map<std::string, std::size_t>& connections,
                                         const std::string& newcomer);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_CONNECTION_SHARES_H_
