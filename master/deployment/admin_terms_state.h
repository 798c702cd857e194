#ifndef MUSTER_MASTER_DEPLOYMENT_ADMIN_TERMS_STATE_H_
#define MUSTER_MASTER_DEPLOYMENT_ADMIN_TERMS_STATE_H_

#include "absl/status/statusor.h"
#include "muster/master/access/admin_terms.h"
#include "muster/proto/state/deployment_state.pb.h"

namespace muster::master {

// Who may use the admin service, for another program of the master's process. Restoring looks up no
// names. It reads the files of TLS; if that fails, what they had when they were read last holds,
// and who watches the files tells about it. InvalidArgument: a rule is none for this program, or
// the texts are no material for TLS; the message has the field.
state::v1::AdminTerms SaveAdminTerms(const AdminTerms& terms);
absl::StatusOr<AdminTerms> RestoreAdminTerms(const state::v1::AdminTerms& state);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_ADMIN_TERMS_STATE_H_
