#ifndef MUSTER_MASTER_ACCESS_ACCESS_POLICY_H_
#define MUSTER_MASTER_ACCESS_ACCESS_POLICY_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/config/access/access_pattern.h"
#include "muster/config/access/admin_method.h"
#include "muster/config/access/principal_pattern.h"
#include "muster/master/access/caller.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// Who may call which methods of the admin service. A value; the decision is pure. The rules are
// looked at in the order of gRPC's authorization policies (gRFC A43):
// 1. A rule of `deny` that matches refuses the call.
// 2. A rule of `allow` that matches allows it.
// 3. The owners may call everything: root, the user that the master runs as, and admin.owner.
// 4. All else is refused.
class AccessPolicy {
 public:
  struct Decision {
    bool is_allowed = false;
    std::string reason{};  // of a refusal: "rule \"no reload\" of admin.deny refuses it"
  };

  // Names of users and groups are looked up, which may block for as long as the machine's name
  // service takes. Errors have the field. `admin` has passed config::CheckAccess; `owners` are
  // users.
  static absl::StatusOr<AccessPolicy> Find(const config::v1::Admin& admin,
                                           const std::vector<uid_t>& owners);
  // Refuses everything.
  AccessPolicy() = default;

  // What Find was given, with numbers in place of the names of users and groups: an Admin with
  // rules alone, for which it finds the same policy and looks up nothing.
  const config::v1::Admin& rules() const { return rules_; }
  const std::vector<uid_t>& owners() const { return owner_ids_; }

  Decision Decide(const Caller& caller, const config::AdminMethod& method) const;
  // Whether it is one of the owners, whatever the rules say.
  bool IsOwner(const Caller& caller) const;

 private:
  struct Rule {
    std::string name;
    std::vector<config::PrincipalPattern> principals;
    std::vector<config::AccessPattern> methods;  // none: all, or those of the role
    std::optional<config::v1::Role> role;

    bool Matches(const Caller& caller, const config::AdminMethod& method) const;
  };

  std::vector<Rule> deny_;
  std::vector<Rule> allow_;
  std::vector<std::string> owners_;  // as identities
  std::vector<uid_t> owner_ids_;     // the same
  config::v1::Admin rules_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ACCESS_ACCESS_POLICY_H_
