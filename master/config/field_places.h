#ifndef MUSTER_MASTER_CONFIG_FIELD_PLACES_H_
#define MUSTER_MASTER_CONFIG_FIELD_PLACES_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/master/config/syntax/config_format.h"
#include "muster/master/config/syntax/line_index.h"

namespace muster::master {

// Where each field of a configuration is in its file. It accompanies the configuration until that
// serves. So an error in making a listener, a zone or a worker names the place that has to change.
class FieldPlaces {
 public:
  // Without a file: a field is named without a place.
  FieldPlaces() = default;
  // `file` is the name in messages, `text` the content.
  FieldPlaces(std::string file, std::string text, ConfigFormat format);

  // "/srv/muster.textproto:7:19: listen[0].address", or "/srv/muster.textproto: pid_file" for a
  // field that is not in the file, because its default is used.
  std::string Describe(absl::string_view field) const;

  // Puts that in front of an error that a field caused (config::AtField). The result has no field
  // any more, and the mistake beside it (config_mistake.h). Other errors stay as they are.
  absl::Status Explain(const absl::Status& status) const;

 private:
  // Nothing: it is not written.
  std::optional<Place> Find(absl::string_view field) const;

  std::string file_;
  std::string text_;
  ConfigFormat format_ = ConfigFormat::kText;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_FIELD_PLACES_H_
