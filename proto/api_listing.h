#ifndef MUSTER_PROTO_API_LISTING_H_
#define MUSTER_PROTO_API_LISTING_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace muster::config {

// All on which clients of an API depend: a line for each message, field, enum, enum value, service
// and method of the file's package, in the file and in those that it imports. Sorted. A line
// changes if the name, number, type or label does:
//   field muster.admin.v1.Master.pid = 1 optional int32
std::vector<std::string> ListApi(const google::protobuf::FileDescriptor& file);

// The lines of `old` that `now` lacks: what breaks clients. Both are sorted.
std::vector<std::string> BrokenPromises(const std::vector<std::string>& old,
                                        const std::vector<std::string>& now);

}  // namespace muster::config

#endif  // MUSTER_PROTO_API_LISTING_H_
