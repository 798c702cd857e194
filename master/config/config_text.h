#ifndef MUSTER_MASTER_CONFIG_CONFIG_TEXT_H_
#define MUSTER_MASTER_CONFIG_CONFIG_TEXT_H_

#include <string>

#include "google/protobuf/descriptor.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// A configuration in text format, in one canonical form: equal configurations have equal texts. A
// message in `service` is printed with its fields if `pool` has its type (null: no pool), else with
// its bytes. The text can be read again, and is the same configuration then.
std::string PrintConfig(const config::v1::Config& config,
                        const google::protobuf::DescriptorPool* pool = nullptr);

// The same for people: fields with (secret) have "***", or nothing (//proto:secrets). A message in
// `service` whose type `pool` does not have is shown without its bytes.
std::string PrintConfigWithoutSecrets(const config::v1::Config& config,
                                      const google::protobuf::DescriptorPool* pool = nullptr);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CONFIG_TEXT_H_
