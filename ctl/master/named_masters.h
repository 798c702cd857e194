#ifndef MUSTER_CTL_MASTER_NAMED_MASTERS_H_
#define MUSTER_CTL_MASTER_NAMED_MASTERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/proto/ctl_config.pb.h"

namespace muster::ctl {

// The masters of a file such as ~/.config/muster/ctl.textproto. A value.
class NamedMasters {
 public:
  NamedMasters() = default;

  // Reads `text`, the contents of the file `path`, which is absolute. InvalidArgument: it has
  // mistakes; the message has a line for each: "PATH:LINE:COLUMN: FIELD: ...". Pure.
  static absl::StatusOr<NamedMasters> Parse(const std::string& text, const std::string& path);

  // Reads the file `path`. NotFound: it is not there.
  static absl::StatusOr<NamedMasters> Load(const std::string& path);

  // Null: there is no such name. Valid while this is.
  const client::v1::NamedMaster* Find(absl::string_view name) const;
  // In the file's order.
  std::vector<std::string> names() const;
  // Empty: there is none.
  const std::string& default_master() const { return config_.default_master(); }
  const client::v1::CtlConfig& config() const { return config_; }
  // The file's path; empty without a file.
  const std::string& path() const { return path_; }

  // True if masters can have this name: letters, digits, '-' and '_'.
  static bool IsName(absl::string_view text);

 private:
  NamedMasters(client::v1::CtlConfig config, std::string path);

  client::v1::CtlConfig config_;
  std::string path_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_NAMED_MASTERS_H_
