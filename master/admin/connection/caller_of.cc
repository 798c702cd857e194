#include "muster/master/admin/connection/caller_of.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "grpc/grpc_security_constants.h"
#include "muster/config/access/identity_kind.h"
#include "muster/log/printable.h"

namespace muster::master {
namespace {

constexpr std::size_t kMostNameBytes = 256;

std::vector<std::string> ValuesOf(const grpc::AuthContext& auth, const char* property) {
  std::vector<std::string> values;
  for (const grpc::string_ref& value : auth.FindPropertyValues(property)) {
    values.emplace_back(value.data(), value.size());
  }
  return values;
}

}  // namespace

Caller CallerOf(const Peer& peer, const grpc::AuthContext* auth) {
  if (peer.is_unix()) return peer.ToCaller();
  Caller caller;
  // The first name of the most telling kind is the one for people.
  std::string name;
  const auto add = [&](absl::string_view kind, const std::string& value) {
    caller.identities.push_back(absl::StrCat(kind, value));
    if (name.empty()) name = value;
  };
  if (auth != nullptr && auth->IsPeerAuthenticated()) {
    for (const std::string& uri : ValuesOf(*auth, GRPC_PEER_URI_PROPERTY_NAME))
      add(config::kUri, uri);
    for (const std::string& dns : ValuesOf(*auth, GRPC_PEER_DNS_PROPERTY_NAME)) {
      add(config::kDns, absl::AsciiStrToLower(dns));
    }
    for (const std::string& subject : ValuesOf(*auth, GRPC_X509_SUBJECT_PROPERTY_NAME)) {
      add(config::kSubject, subject);
    }
  }
  if (caller.identities.empty()) {
    caller.identities.emplace_back(config::kAnonymous);
    name = std::string(config::kAnonymous);
  }
  // What people are told, in lines of bounded length.
  name = log::Printable(name);
  log::CutLine(name, kMostNameBytes);
  caller.name = absl::StrCat(name, " from ", peer.address);
  return caller;
}

}  // namespace muster::master
