#ifndef MUSTER_CONFIG_FIELD_PLACES_H_
#define MUSTER_CONFIG_FIELD_PLACES_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/config/syntax/config_format.h"
#include "muster/config/syntax/line_index.h"

namespace muster::config {

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

  // Whether the file has the field, and not only its default is used.
  bool IsWritten(absl::string_view field) const { return Find(field).has_value(); }

  // Puts that in front of an error that a field caused (AtField). The result has no field
  // any more, and the mistake beside it (config_mistake.h). Other errors stay as they are.
  absl::Status Explain(const absl::Status& status) const;

 private:
  // Nothing: it is not written.
  std::optional<Place> Find(absl::string_view field) const;

  std::string file_;
  std::string text_;
  ConfigFormat format_ = ConfigFormat::kText;
};

}  // namespace muster::config

#endif  // MUSTER_CONFIG_FIELD_PLACES_H_
