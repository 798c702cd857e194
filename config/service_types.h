#ifndef MUSTER_CONFIG_SERVICE_TYPES_H_
#define MUSTER_CONFIG_SERVICE_TYPES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"
#include "muster/proto/worker.pb.h"

namespace muster::config {

// The messages that a worker program takes in `service`. The master is not linked with them: their
// descriptors come from the worker program, so that a configuration with one of them can be read
// and checked like any other. Move-only. Descriptors and messages live as long as the object.
class ServiceTypes {
 public:
  // InvalidArgument: the description is inconsistent.
  static absl::StatusOr<ServiceTypes> Make(const worker::v1::Description& description);

  // The message with that type URL, or with that name. Null: `service` cannot have it.
  const google::protobuf::Descriptor* Find(absl::string_view url) const;
  // "a.B, c.D", for messages.
  std::string Names() const;

  // Has all messages that those use, and muster's own configuration.
  const google::protobuf::DescriptorPool& pool() const { return *pool_; }

  // Fills in the defaults in `service`, if Find knows its type, and returns what breaks a rule.
  std::vector<FieldMistake> Complete(v1::Config* config) const;

 private:
  ServiceTypes() = default;

  std::vector<std::string> names_;
  std::unique_ptr<google::protobuf::DescriptorPool> pool_;
  std::unique_ptr<google::protobuf::DynamicMessageFactory> factory_;
};

}  // namespace muster::config

#endif  // MUSTER_CONFIG_SERVICE_TYPES_H_
