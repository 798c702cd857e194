#ifndef MUSTER_MASTER_HOST_ACCOUNT_H_
#define MUSTER_MASTER_HOST_ACCOUNT_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace muster::master {

// The numbers of a user and of a group, by name or number. A number need not be that of an account.
// A name is looked up, which may block for as long as the machine's name service takes.
// InvalidArgument: the number is too large. NotFound: there is no such name.
absl::StatusOr<uid_t> FindUser(const std::string& text);
absl::StatusOr<gid_t> FindGroup(const std::string& text);

}  // namespace muster::master

#endif  // MUSTER_MASTER_HOST_ACCOUNT_H_
