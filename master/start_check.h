#ifndef MUSTER_MASTER_START_CHECK_H_
#define MUSTER_MASTER_START_CHECK_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/config/config_file.h"
#include "muster/listen/address.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {

// Checks whether a start of a configuration would succeed on this machine: the worker program, the
// addresses, the zones and the files, beyond what CheckSemantics checks. Makes and removes nothing,
// and does not listen. What the running master with the same pid file holds counts as free. For one
// configuration; not thread-safe.
class StartCheck {
 public:
  // `worker_binary` is the value of --worker. Empty: none. kSelf: the running master checks what it
  // would load next. It must not look for who holds the lock of its pid file: to close that file
  // again would end its lock.
  enum class Who { kAnother, kSelf };
  explicit StartCheck(std::string worker_binary, Who who = Who::kAnother)
      : worker_binary_(std::move(worker_binary)), who_(who) {}
  StartCheck(const StartCheck&) = delete;
  StartCheck& operator=(const StartCheck&) = delete;

  // For ReadConfigFile; this object outlives them. The program is asked once, and killed if it does
  // not answer within kDescribeTimeout.
  config::DescribeWorker describe();
  config::CheckMore check_more();

  // Whether the text could be read, so that check_more was called.
  bool has_looked() const { return has_looked_; }
  // Texts for people about what has no field. A start would fail because of these, ...
  const std::vector<std::string>& problems() const { return problems_; }
  // ... but not because of these, which are worth knowing.
  const std::vector<std::string>& notes() const { return notes_; }
  // What was not checked.
  const std::vector<std::string>& unchecked() const { return unchecked_; }
  // The master that runs with this configuration's pid file.
  std::optional<pid_t> running() const { return running_; }

 private:
  const absl::StatusOr<worker::v1::Description>& Describe(const config::v1::Config& config);
  std::vector<config::FieldMistake> Look(const config::v1::Config& config);
  void FindRunning(const std::string& pid_file);
  void CheckProgram(const config::v1::Config& config);
  void CheckAddress(const std::string& field, const std::string& text);
  void CheckRights(const std::string& field, const std::string& owner, const std::string& group);
  void CheckTls(const config::v1::AdminTls& files);
  void CheckLog(const std::string& field, const std::string& path);
  void CheckZones(const config::v1::Config& config);
  void CheckLimits(const config::v1::Config& config);
  void CheckCoreFiles(const config::v1::Config& config);

  const std::string worker_binary_;
  const Who who_;
  std::optional<absl::StatusOr<worker::v1::Description>> described_;
  bool has_looked_ = false;
  std::optional<pid_t> running_;
  // Of the running master. Error: they cannot be seen.
  absl::StatusOr<std::vector<listen::Address>> running_addresses_ = std::vector<listen::Address>();
  std::vector<config::FieldMistake> mistakes_;
  std::vector<std::string> problems_;
  std::vector<std::string> notes_;
  std::vector<std::string> unchecked_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_START_CHECK_H_
