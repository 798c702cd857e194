#ifndef MUSTER_PROTO_STATUS_SOURCE_H_
#define MUSTER_PROTO_STATUS_SOURCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "muster/proto/config.pb.h"

namespace muster::config {

// The path of the location with `status_json` that `page`, of a location of `http`, reads: the one
// that it names, or else the only one. InvalidArgument: there is no such location, or `page` does
// not say which of several. FieldOf the error is "status_page" or "status_page.json".
absl::StatusOr<std::string> StatusSourceOf(const v1::StatusPage& page, const v1::Http& http);

}  // namespace muster::config

#endif  // MUSTER_PROTO_STATUS_SOURCE_H_
