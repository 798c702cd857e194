#include "muster/master/config/identified_config.h"

#include <memory>
#include <utility>
#include <vector>

#include "muster/ipc/base/status.h"
#include "muster/master/config/config_entries.h"
#include "muster/master/config/config_hash.h"
#include "muster/master/config/config_text.h"

namespace muster::master {
namespace {

IdentifiedConfig Identify(config::CheckedConfig checked) {
  const google::protobuf::DescriptorPool* const pool =
      checked.types.has_value() ? &checked.types->pool() : nullptr;
  IdentifiedConfig identified;
  ConfigIdentity& identity = identified.identity;
  identity.text = PrintConfig(checked.config, pool);
  identity.shown_text = PrintConfigWithoutSecrets(checked.config, pool);
  identity.hash = HashOf(identity.text);
  identity.source_hash = HashOf(checked.source);
  identity.entries =
      std::make_shared<const std::vector<ConfigEntry>>(EntriesOf(checked.config, pool));
  identified.config = std::move(checked.config);
  identified.places = std::move(checked.places);
  return identified;
}

}  // namespace

absl::StatusOr<IdentifiedConfig> ReadIdentifiedFile(const std::string& path,
                                                    absl::string_view prefix,
                                                    const config::DescribeWorker& describe,
                                                    const config::CheckMore& check_more) {
  MUSTER_ASSIGN_OR_RETURN(config::CheckedConfig checked,
                          config::ReadConfigFile(path, prefix, describe, check_more));
  return Identify(std::move(checked));
}

absl::StatusOr<IdentifiedConfig> ReadIdentifiedText(absl::string_view name, absl::string_view text,
                                                    config::ConfigFormat format,
                                                    absl::string_view prefix,
                                                    const config::DescribeWorker& describe,
                                                    const config::CheckMore& check_more) {
  MUSTER_ASSIGN_OR_RETURN(
      config::CheckedConfig checked,
      config::ReadCheckedText(name, text, format, prefix, describe, check_more));
  return Identify(std::move(checked));
}

}  // namespace muster::master
