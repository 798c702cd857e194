#include "muster/worker/sandbox/sandbox.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/ipc/base/status.h"
#include "muster/worker/sandbox/file_rules.h"
#include "muster/worker/sandbox/landlock.h"
#include "muster/worker/sandbox/system_call_filter.h"

namespace muster::worker {
namespace {

#if defined(MUSTER_SANITIZER) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kHasSanitizer = true;
#else
constexpr bool kHasSanitizer = false;
#endif

// A thread that has begun would stay free.
absl::Status CheckIsOnlyThread() {
  std::error_code error;
  std::filesystem::directory_iterator threads("/proc/self/task", error);
  if (error) return absl::OkStatus();  // without /proc nobody can tell
  const auto count = std::distance(begin(threads), end(threads));
  if (count == 1) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the process has ", count,
                   " threads before its service is made; start them in make_service, or set "
                   "sandbox: OFF"));
}

// Files that cannot be opened later.
void ReadTimeZone() {
  ::tzset();
  (void)absl::LocalTimeZone();
}

// Empty, or why files are not confined.
absl::StatusOr<std::string> ConfineFiles(const config::v1::Config& config,
                                         const SandboxNeeds& needs,
                                         const std::set<std::string>& open_logs) {
  const absl::StatusOr<int> version = LandlockVersion();
  if (!version.ok()) {
    return absl::StrCat(version.status().message(),
                        ", so workers may open files as their user may");
  }
  // The kernel forgets the folder, and with it the rule, unless somebody holds it.
  (void)::open("/proc/self", O_PATH | O_CLOEXEC);
  MUSTER_ASSIGN_OR_RETURN(const LandlockRuleset ruleset,
                          LandlockRuleset::Create(*version, needs.connects));
  for (const auto& rules : {FileRulesOfProcess(), FileRules(config, needs, open_logs)}) {
    for (const FileRule& rule : rules) MUSTER_RETURN_IF_ERROR(ruleset.Permit(rule));
  }
  MUSTER_RETURN_IF_ERROR(ruleset.Restrict());
  return "";
}

absl::StatusOr<std::string> Confine(const config::v1::Config& config, const SandboxNeeds& needs,
                                    const std::set<std::string>& open_logs) {
  const bool is_enforced = config.sandbox() == config::v1::Config::ENFORCE;
  SystemCallFilter::Options options;
  options.is_enforced = is_enforced;
  options.may_connect = needs.connects;
  options.may_change_files = !needs.write.empty();
  options.self = ::getpid();
  options.further = needs.system_calls;
  MUSTER_ASSIGN_OR_RETURN(const SystemCallFilter filter, SystemCallFilter::Create(options));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
    return ipc::ErrnoStatus("prctl PR_SET_NO_NEW_PRIVS");
  }
  std::string note;
  if (is_enforced) {
    MUSTER_ASSIGN_OR_RETURN(note, ConfineFiles(config, needs, open_logs));
  }
  const absl::Status loaded = filter.Load();
  if (!loaded.ok()) {
    return ipc::Annotate(loaded,
                         "the kernel takes no filter of system calls, which OFF does without");
  }
  return note;
}

}  // namespace

absl::StatusOr<std::string> EnterSandbox(const config::v1::Config& config,
                                         const SandboxNeeds& needs,
                                         const std::set<std::string>& open_logs) {
  if (config.sandbox() == config::v1::Config::OFF) return "";
  if (kHasSanitizer) return "is off: this program is built with a sanitizer";
  MUSTER_RETURN_IF_ERROR(CheckIsOnlyThread());
  ReadTimeZone();
  auto note = Confine(config, needs, open_logs);
  // What was needed to make the filter. It would stay in each worker.
  ::malloc_trim(0);
  return note;
}

}  // namespace muster::worker
