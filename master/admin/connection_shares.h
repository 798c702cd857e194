#ifndef MUSTER_MASTER_ADMIN_CONNECTION_SHARES_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_SHARES_H_

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <optional>

namespace muster::master {

// Of `connections`, by user, none of which is idle: who gives one up for a new one of `newcomer`.
// The user who has most, if that is more than the newcomer would have then. Nothing: nobody. Pure.
std::optional<uid_t> WhoGivesUpOne(const std::map<uid_t, std::size_t>& connections, uid_t newcomer);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_SHARES_H_
