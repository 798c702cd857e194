#ifndef MUSTER_MASTER_CONFIG_FIELD_PLACES_H_
#define MUSTER_MASTER_CONFIG_FIELD_PLACES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/master/config/config_format.h"

namespace muster::master {

// Where in its file each field of a configuration is. It goes with the configuration from when it
// was read until it serves, so that what cannot be made of it (a listener, a zone, a worker) is
// reported with the place that has to change.
class FieldPlaces {
 public:
  // Of no file: a field has its name alone.
  FieldPlaces() = default;
  // `file` stands in the messages, `text` is what is in it.
  FieldPlaces(std::string file, std::string text, ConfigFormat format);

  // "/srv/muster.textproto:7:19: listen[0].address", or "/srv/muster.textproto: pid_file" of a
  // field that the file does not have, because its default will do.
  std::string Describe(absl::string_view field) const;

  // Puts that in front of an error that a field caused (config::AtField), which has no field from
  // then on. Others stay as they are.
  absl::Status Explain(const absl::Status& status) const;

 private:
  std::string file_;
  std::string text_;
  ConfigFormat format_ = ConfigFormat::kText;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_FIELD_PLACES_H_
