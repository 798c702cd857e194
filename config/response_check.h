#ifndef MUSTER_CONFIG_RESPONSE_CHECK_H_
#define MUSTER_CONFIG_RESPONSE_CHECK_H_

#include <string>
#include <vector>

#include "google/protobuf/repeated_field.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"

namespace muster::config {

// Appends the mistakes in the headers, and in the error pages, of `field` ("http.location[2]").
// Paths must be absolute. Looks at the file system.
void CheckHeaders(const std::string& field,
                  const google::protobuf::RepeatedPtrField<v1::Header>& headers,
                  std::vector<FieldMistake>& mistakes);
void CheckErrorPages(const std::string& field,
                     const google::protobuf::RepeatedPtrField<v1::ErrorPage>& pages,
                     std::vector<FieldMistake>& mistakes);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_RESPONSE_CHECK_H_
