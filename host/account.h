#ifndef MUSTER_HOST_ACCOUNT_H_
#define MUSTER_HOST_ACCOUNT_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace muster::host {

// The numbers of a user and of a group, by name or number. A number need not be that of an account.
// A name is looked up, which may block for as long as the machine's name service takes.
// InvalidArgument: the number is too large. NotFound: there is no such name.
absl::StatusOr<uid_t> FindUser(const std::string& text);
absl::StatusOr<gid_t> FindGroup(const std::string& text);

struct Account {
  uid_t user = 0;
  // Empty, as `groups` is: `user` is a number that no account has.
  std::optional<gid_t> group;
  std::vector<gid_t> groups;  // all that it belongs to, `group` included
};

// As FindUser, with the groups of the user, for which name services are asked even if `text` is a
// number.
absl::StatusOr<Account> FindAccount(const std::string& text);

}  // namespace muster::host

#endif  // MUSTER_HOST_ACCOUNT_H_
