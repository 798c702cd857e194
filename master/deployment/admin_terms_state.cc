#include "muster/master/deployment/admin_terms_state.h"

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/config/access/access_check.h"
#include "muster/master/access/access_policy.h"
#include "muster/master/keep/state_error.h"
#include "muster/master/tls/tls_material.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"

namespace muster::master {
namespace {

// Names of users and groups would have to be looked up.
template <typename Rules>
absl::Status RefuseNames(const char* field, const Rules& rules) {
  for (int i = 0; i < rules.size(); ++i) {
    for (const std::string& principal : rules[i].principal()) {
      if (!absl::StartsWith(principal, "user:") && !absl::StartsWith(principal, "group:")) continue;
      return StateError(absl::StrCat(field, "[", i, "].principal"),
                        absl::StrCat("\"", principal, "\" has a name in place of a number"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<AccessPolicy> RestorePolicy(const state::v1::AdminTerms& state) {
  for (const absl::Status& status :
       {RefuseNames("deny", state.deny()), RefuseNames("allow", state.allow())}) {
    if (!status.ok()) return status;
  }
  config::v1::Admin admin;
  *admin.mutable_deny() = state.deny();
  *admin.mutable_allow() = state.allow();
  for (const config::FieldMistake& mistake : config::CheckAccess(admin)) {
    return StateError(mistake.field, mistake.problem);
  }
  const std::vector<uid_t> owners(state.owner().begin(), state.owner().end());
  return AccessPolicy::Find(admin, owners);
}

absl::StatusOr<TlsMaterial> RestoreTls(const state::v1::AdminTerms& state) {
  absl::StatusOr<TlsMaterial> read = TlsMaterial::Read(state.tls_files());
  if (read.ok()) return read;
  absl::StatusOr<TlsMaterial> before = TlsMaterial::Of(state.tls_files(), state.tls().certificate(),
                                                       state.tls().key(), state.tls().client_ca());
  if (!before.ok()) return StateError("tls", before.status().message());
  return before;
}

}  // namespace

state::v1::AdminTerms SaveAdminTerms(const AdminTerms& terms) {
  state::v1::AdminTerms state;
  for (const uid_t owner : terms.access.owners()) state.add_owner(owner);
  *state.mutable_deny() = terms.access.rules().deny();
  *state.mutable_allow() = terms.access.rules().allow();
  if (terms.tls.has_value()) {
    state.mutable_tls()->set_certificate(terms.tls->certificate());
    state.mutable_tls()->set_key(terms.tls->key());
    state.mutable_tls()->set_client_ca(terms.tls->client_ca());
    *state.mutable_tls_files() = terms.tls_files;
  }
  state.set_calls_per_caller(terms.calls_per_caller);
  state.set_streams_per_caller(terms.streams_per_caller);
  return state;
}

absl::StatusOr<AdminTerms> RestoreAdminTerms(const state::v1::AdminTerms& state) {
  if (state.has_tls() != state.has_tls_files()) {
    return StateError(state.has_tls() ? "tls_files" : "tls", "is missing");
  }
  AdminTerms terms;
  absl::StatusOr<AccessPolicy> access = RestorePolicy(state);
  if (!access.ok()) return access.status();
  terms.access = *std::move(access);
  if (state.has_tls()) {
    absl::StatusOr<TlsMaterial> tls = RestoreTls(state);
    if (!tls.ok()) return tls.status();
    terms.tls = *std::move(tls);
    terms.tls_files = state.tls_files();
  }
  terms.calls_per_caller = state.calls_per_caller();
  terms.streams_per_caller = state.streams_per_caller();
  return terms;
}

}  // namespace muster::master
