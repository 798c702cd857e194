#ifndef MUSTER_MASTER_CONFIG_IDENTIFIED_CONFIG_H_
#define MUSTER_MASTER_CONFIG_IDENTIFIED_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/config/config_file.h"
#include "muster/config/field_places.h"
#include "muster/config/syntax/config_format.h"
#include "muster/config/worker_description.h"
#include "muster/master/config/config_identity.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// A configuration without mistakes, and by what it is told from others.
struct IdentifiedConfig {
  config::v1::Config config;  // defaults filled in, paths absolute
  config::FieldPlaces places;
  ConfigIdentity identity;
};

// As config::ReadConfigFile and config::ReadCheckedText.
absl::StatusOr<IdentifiedConfig> ReadIdentifiedFile(const std::string& path,
                                                    absl::string_view prefix,
                                                    const config::DescribeWorker& describe,
                                                    const config::CheckMore& check_more = nullptr);
absl::StatusOr<IdentifiedConfig> ReadIdentifiedText(absl::string_view name, absl::string_view text,
                                                    config::ConfigFormat format,
                                                    absl::string_view prefix,
                                                    const config::DescribeWorker& describe,
                                                    const config::CheckMore& check_more = nullptr);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_IDENTIFIED_CONFIG_H_
