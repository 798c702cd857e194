#ifndef MUSTER_MASTER_ACCESS_ADMIN_TERMS_H_
#define MUSTER_MASTER_ACCESS_ADMIN_TERMS_H_

#include <cstdint>
#include <optional>

#include "muster/master/access/access_policy.h"
#include "muster/master/tls/tls_material.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// What a configuration says of who may use the admin service, with names looked up and files read.
struct AdminTerms {
  AccessPolicy access;
  // For TCP. Unset: its callers are anonymous.
  std::optional<TlsMaterial> tls = std::nullopt;
  config::v1::AdminTls tls_files{};
  // How much one principal may have under way.
  std::uint32_t calls_per_caller = 256;
  std::uint32_t streams_per_caller = 256;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ACCESS_ADMIN_TERMS_H_
