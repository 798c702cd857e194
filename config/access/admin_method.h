#ifndef MUSTER_CONFIG_ACCESS_ADMIN_METHOD_H_
#define MUSTER_CONFIG_ACCESS_ADMIN_METHOD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "muster/proto/config.pb.h"

namespace muster::config {

// Before the names of muster's own methods.
inline constexpr absl::string_view kAdminService = "/muster.admin.v1.Admin/";

// A method that clients of the admin service can call, and the least role that includes it.
struct AdminMethod {
  absl::string_view path;  // as gRPC has it: "/muster.admin.v1.Admin/Reload"
  v1::Role role;
  bool is_stream = false;  // a call of it goes on until somebody ends it

  // "Reload"; the path, where the service is not muster's own.
  absl::string_view name() const;
};

// All of them: those of muster.admin.v1.Admin, of the health service, of channelz and of server
// reflection.
absl::Span<const AdminMethod> AdminMethods();
// The method with this path; null: there is none.
const AdminMethod* FindAdminMethod(absl::string_view path);
// The method with this path, which there must be.
const AdminMethod& AdminMethodAt(absl::string_view path);

// What a rule's `method` means, as a pattern for paths: "Reload" is muster's own method, what has a
// "/", or a "*" at its beginning, is a path already.
std::string MethodPattern(absl::string_view text);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_ACCESS_ADMIN_METHOD_H_
