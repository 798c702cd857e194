#include "muster/master/start_check.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "muster/host/cpu_count.h"
#include "muster/host/file_id.h"
#include "muster/host/memory_limit.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/socket_rights.h"
#include "muster/log/printable.h"
#include "muster/master/access/access_policy.h"
#include "muster/master/deployment/descriptor_need.h"
#include "muster/master/deployment/worker_launch.h"
#include "muster/master/deployment/worker_question.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/process_listeners.h"
#include "muster/master/process/pid_file.h"
#include "muster/master/tls/tls_material.h"
#include "muster/proto/field_error.h"
#include "muster/worker/metrics/wanted_zones.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {
namespace {

enum class Kind { kSoft, kHard };

// None: any number.
std::optional<std::uint64_t> Limit(int resource, Kind kind = Kind::kSoft) {
  rlimit limit = {};
  // The C library has an enumeration for this in C++.
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return std::nullopt;
  const rlim_t value = kind == Kind::kSoft ? limit.rlim_cur : limit.rlim_max;
  if (value == RLIM_INFINITY) return std::nullopt;
  return value;
}

// Two Unix sockets are the same if they are one file.
bool IsSame(const listen::Address& wanted, const listen::Address& other) {
  if (wanted == other) return true;
  if (!wanted.is_unix() || !other.is_unix()) return false;
  const std::optional<host::FileId> file = host::FileId::AtPath(wanted.path());
  return file.has_value() && file == host::FileId::AtPath(other.path());
}

std::uint64_t WorkersOf(const config::v1::Config& config) {
  return config.worker_processes() == 0 ? host::UsableCpus() : config.worker_processes();
}

}  // namespace

config::DescribeWorker StartCheck::describe() {
  return [this](const config::v1::Config& config) { return Describe(config); };
}

config::CheckMore StartCheck::check_more() {
  return [this](const config::v1::Config& config) { return Look(config); };
}

const absl::StatusOr<worker::v1::Description>& StartCheck::Describe(
    const config::v1::Config& config) {
  if (!described_.has_value()) {
    described_ = AskWhenNeeded(std::make_shared<WorkerFinder>(worker_binary_))(config);
  }
  return *described_;
}

std::vector<config::FieldMistake> StartCheck::Look(const config::v1::Config& config) {
  has_looked_ = true;
  FindRunning(config.pid_file());
  // Since the text asked the program, which nobody could start so.
  const bool is_launch_told =
      described_.has_value() && !config::FieldOf(described_->status()).empty();
  CheckProgram(config);
  for (int i = 0; i < config.listen_size(); ++i) {
    CheckAddress(absl::StrCat("listen[", i, "].address"), config.listen(i).address());
    CheckRights(absl::StrCat("listen[", i, "]"), config.listen(i).owner(),
                config.listen(i).group());
  }
  for (int i = 0; i < config.admin().listen_size(); ++i) {
    CheckAddress(absl::StrCat("admin.listen[", i, "]"), config.admin().listen(i));
  }
  if (config.admin().has_metrics()) {
    CheckAddress("admin.metrics.listen", config.admin().metrics().listen());
  }
  CheckRights("admin", config.admin().owner(), config.admin().group());
  if (const absl::Status rules = AccessPolicy::Find(config.admin(), {}).status(); !rules.ok()) {
    mistakes_.push_back({config::FieldOf(rules), std::string(rules.message())});
  }
  if (const absl::Status who = WorkerLaunch::Find(config).status(); !who.ok() && !is_launch_told) {
    mistakes_.push_back({config::FieldOf(who), std::string(who.message())});
  }
  if (config.admin().has_tls()) CheckTls(config.admin().tls());
  if (config.log().has_path()) CheckLog("log.path", config.log().path());
  if (config.http().has_access_log()) {
    CheckLog("http.access_log.path", config.http().access_log().path());
  }
  CheckZones(config);
  CheckLimits(config);
  CheckCoreFiles(config);
  return std::move(mistakes_);
}

void StartCheck::FindRunning(const std::string& pid_file) {
  if (who_ == Who::kSelf) {
    running_ = ::getpid();
    running_addresses_ = ListeningAddresses(*running_);
    return;
  }
  const auto holder = PidFile::FindHolder(pid_file);
  if (!holder.ok()) {
    unchecked_.push_back(absl::StrCat("whether its master runs (", holder.status().message(), ")"));
    return;
  }
  running_ = *holder;
  if (running_.has_value()) running_addresses_ = ListeningAddresses(*running_);
}

void StartCheck::CheckProgram(const config::v1::Config& config) {
  // If the text asked already, and in vain, it is among its mistakes.
  const bool was_asked = described_.has_value();
  const absl::Status status = Describe(config).status();
  // What has a field, as a user who is not there, is told with the rest of the configuration.
  if (was_asked || status.ok() || !config::FieldOf(status).empty()) return;
  if (worker_binary_.empty()) {
    mistakes_.push_back({"worker_binary", std::string(status.message())});
  } else {
    problems_.push_back(absl::StrCat("--worker: ", status.message()));
  }
}

void StartCheck::CheckAddress(const std::string& field, const std::string& text) {
  const auto address = listen::Address::Parse(text);
  if (!address.ok()) return;  // CheckSemantics reports it
  bool overlaps = false;
  if (running_addresses_.ok()) {
    for (const listen::Address& other : *running_addresses_) {
      if (IsSame(*address, other)) return;
      if (address->Overlaps(other)) overlaps = true;
    }
  }
  // A reload binds beside what the master has itself.
  const absl::Status status =
      overlaps ? Listener::MakeBeside(*address).status() : Listener::Probe(*address);
  if (status.ok()) return;
  if (absl::IsAlreadyExists(status) && !running_addresses_.ok()) {
    unchecked_.push_back(
        absl::StrCat("who listens on ", text, " (", running_addresses_.status().message(), ")"));
  } else {
    mistakes_.push_back({field, std::string(status.message())});
  }
}

void StartCheck::CheckRights(const std::string& field, const std::string& owner,
                             const std::string& group) {
  const absl::Status status = listen::FindSocketRights("", owner, group, field).status();
  if (!status.ok()) mistakes_.push_back({config::FieldOf(status), std::string(status.message())});
}

void StartCheck::CheckTls(const config::v1::AdminTls& files) {
  const absl::StatusOr<TlsMaterial> material = TlsMaterial::Read(files);
  if (!material.ok()) {
    mistakes_.push_back(
        {config::FieldOf(material.status()), std::string(material.status().message())});
    return;
  }
  if (material->expiry() < absl::Now()) {
    notes_.push_back(
        absl::StrCat("admin.tls.certificate: ", files.certificate(), " has expired, on ",
                     absl::FormatTime("%Y-%m-%d", material->expiry(), absl::UTCTimeZone()),
                     "; clients will refuse it"));
  }
  if (!material->key_exposure().empty()) {
    notes_.push_back(absl::StrCat("admin.tls.key: ", material->key_exposure()));
  }
}

void StartCheck::CheckLog(const std::string& field, const std::string& path) {
  // CheckSemantics looks at a log that does not exist yet. Opening or closing a pipe may have an
  // effect.
  struct stat status;
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  // CheckSemantics reports it.
  if (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) return;
  const ipc::UniqueFd fd(ipc::RetryOnEintr([&] {
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  }));
  if (fd.valid()) return;
  mistakes_.push_back(
      {field, std::string(ipc::ErrnoStatus(absl::StrCat("open ", path)).message())});
}

void StartCheck::CheckZones(const config::v1::Config& config) {
  const std::uint64_t available = host::AvailableMemory();
  const std::optional<std::uint64_t> largest = Limit(RLIMIT_FSIZE);
  std::uint64_t total = 0;
  bool is_told = false;
  const std::vector<worker::WantedZone> zones = worker::WantedZones(config);
  for (const worker::WantedZone& zone : zones) {
    const std::string& field = zone.size_field;
    const std::uint64_t size = worker::UserZone::FileBytes(zone.name, zone.size_bytes);
    const absl::Status status = worker::UserZone::CheckSize(zone.name, zone.size_bytes);
    if (!status.ok()) {
      mistakes_.push_back({field, std::string(status.message())});
      continue;
    }
    if (largest.has_value() && size > *largest) {
      mistakes_.push_back(
          {field, absl::StrCat(size,
                               " bytes with its tables are more than a file of this user may "
                               "have, which is ",
                               *largest, "; see ulimit -f")});
      continue;
    }
    total += size;
    // A running master has them already.
    if (running_.has_value() || available == 0 || total <= available || is_told) continue;
    is_told = true;
    mistakes_.push_back({field, absl::StrCat("the zones to this one take ", total,
                                             " bytes, of which ", available, " are available")});
  }
  if (!zones.empty() && running_.has_value()) {
    unchecked_.push_back("whether there is memory for new zones");
  }
}

void StartCheck::CheckCoreFiles(const config::v1::Config& config) {
  if (config.limits().core() == 0 || config.sandbox() != config::v1::Config::ENFORCE) return;
  std::string pattern;
  std::getline(std::ifstream("/proc/sys/kernel/core_pattern"), pattern);
  // The kernel gives the core file to a program, which is in no sandbox.
  if (!pattern.empty() && pattern.front() == '|') return;
  notes_.push_back(absl::StrCat(
      "limits.core: a worker in the sandbox (sandbox: ENFORCE) cannot write a core file by its "
      "kernel.core_pattern, which is \"",
      log::Printable(pattern), "\"; it can if that begins with a pipe sign, or with sandbox: LOG"));
}

void StartCheck::CheckLimits(const config::v1::Config& config) {
  const std::uint64_t workers = WorkersOf(config);
  const std::uint64_t needed = DescriptorsNeeded(config);
  // A start raises its soft limit.
  const auto descriptors = Limit(RLIMIT_NOFILE, Kind::kHard);
  if (descriptors.has_value() && needed > *descriptors) {
    mistakes_.push_back(
        {config.accept() == config::v1::REUSEPORT ? "accept" : "worker_processes",
         absl::StrCat("the master needs ", needed, " descriptors for a reload and may have ",
                      *descriptors, "; see ulimit -Hn")});
  }
  // Root has no such limit.
  const auto processes = Limit(RLIMIT_NPROC);
  if (::geteuid() != 0 && processes.has_value() && workers > *processes) {
    mistakes_.push_back({"worker_processes", absl::StrCat("this user may have ", *processes,
                                                          " processes; see ulimit -u")});
  }
}

}  // namespace muster::master
