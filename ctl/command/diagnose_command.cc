#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "muster/cli/version.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/exit_code.h"
#include "muster/ctl/text/output.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/config_call.pb.h"
#include "muster/proto/zone_call.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr char kStdout[] = "-";

constexpr Parameter kParameters[] = {
    {.name = "FILE",
     .kind = Parameter::Kind::kFile,
     .summary = "The file to write, which must not be there (default: diagnosis-TIME.json); \"-\" "
                "for standard output"},
};

// The parts of a JSON object, in order. A part that could not be found out has its reason instead.
class Diagnosis {
 public:
  void Add(const std::string& name, const absl::StatusOr<std::string>& json) {
    parts_.push_back(absl::StrCat(
        JsonString(name), ": ",
        json.ok() ? *json
                  : absl::StrCat("{\"error\": ", JsonString(json.status().message()), "}")));
  }

  template <typename Response>
  absl::Status Ask(MasterConnection& master, const std::string& name,
                   const google::protobuf::Message& request) {
    const absl::StatusOr<Response> answer = master.Ask<Response>(request);
    Add(name, answer.ok() ? Json(*answer) : answer.status());
    return answer.status();
  }

  std::string ToJson() const { return absl::StrCat("{\n", absl::StrJoin(parts_, ",\n"), "\n}\n"); }

 private:
  std::vector<std::string> parts_;
};

// All events that the master keeps.
absl::StatusOr<std::string> EventsOf(MasterConnection& master) {
  std::vector<std::string> lines;
  v1::WatchEventsRequest request;
  request.set_from(1);
  MUSTER_ASSIGN_OR_RETURN(auto stream, master.Watch<v1::WatchEventsResponse>(request));
  std::uint64_t end = 1;
  for (std::uint64_t next = 0; next < end;) {
    MUSTER_ASSIGN_OR_RETURN(const auto* batch, stream.Next());
    if (next == 0) end = batch->end();
    for (const v1::Event& event : batch->events()) {
      MUSTER_ASSIGN_OR_RETURN(std::string line, JsonLine(event));
      line.pop_back();
      lines.push_back(std::move(line));
    }
    next = batch->next();
  }
  return absl::StrCat("[\n", absl::StrJoin(lines, ",\n"), "\n]");
}

std::string Machine() {
  utsname name = {};
  ::uname(&name);
  return absl::StrCat(
      "{\"kernel\": ", JsonString(absl::StrCat(name.sysname, " ", name.release)),
      ", \"machine\": ", JsonString(name.machine),
      ", \"processors\": ", ::sysconf(_SC_NPROCESSORS_ONLN), ", \"memoryBytes\": \"",
      static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE), "\"}");
}

// The lines of the file /proc/PID/`name`: of the master, which is on this machine if it is asked
// over a Unix socket.
absl::StatusOr<std::string> ProcessFile(const MasterConnection& master, const char* name) {
  if (!master.pid().has_value()) {
    return absl::NotFoundError("the master is on another machine, or in another pid namespace");
  }
  const std::string path = absl::StrCat("/proc/", *master.pid(), "/", name);
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(JsonString(line));
  if (lines.empty()) return absl::NotFoundError(absl::StrCat("nothing to read in ", path));
  return absl::StrCat("[\n", absl::StrJoin(lines, ",\n"), "\n]");
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  // It tells who has called. Nobody's file is overwritten.
  const ipc::UniqueFd file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return ipc::ErrnoStatus(absl::StrCat("create ", path));
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t size = ipc::RetryOnEintr(
        [&] { return ::write(file.get(), text.data() + written, text.size() - written); });
    if (size == -1) return ipc::ErrnoStatus(absl::StrCat("write ", path));
    written += size;
  }
  return absl::OkStatus();
}

// What is not asked, since the master does not answer.
void AddAbsent(const absl::Status& why, absl::Span<const char* const> names, Diagnosis& diagnosis) {
  for (const char* name : names) diagnosis.Add(name, why);
}

// Adds what the master tells, and what this machine tells of its process. Not OK: it is not there,
// or does not answer.
absl::Status AddMaster(absl::StatusOr<MasterConnection>& master, Diagnosis& diagnosis) {
  constexpr const char* kTold[] = {"config", "zones", "locks", "calls", "events"};
  constexpr const char* kOfProcess[] = {"limits", "process"};
  if (!master.ok()) {
    AddAbsent(master.status(), {"status"}, diagnosis);
    AddAbsent(master.status(), kTold, diagnosis);
    AddAbsent(master.status(), kOfProcess, diagnosis);
    return master.status();
  }
  const absl::Status status = diagnosis.Ask<v1::Status>(*master, "status", v1::GetStatusRequest());
  const bool is_silent = absl::IsDeadlineExceeded(status) || absl::IsUnavailable(status);
  if (is_silent) {
    // Each part would wait as long.
    AddAbsent(absl::UnavailableError("not asked, since the master does not answer"), kTold,
              diagnosis);
  } else {
    (void)diagnosis.Ask<v1::ActiveConfig>(*master, "config", v1::GetConfigRequest());
    (void)diagnosis.Ask<v1::ListZonesResponse>(*master, "zones", v1::ListZonesRequest());
    (void)diagnosis.Ask<v1::ListLocksResponse>(*master, "locks", v1::ListLocksRequest());
    (void)diagnosis.Ask<v1::ListCallsResponse>(*master, "calls", v1::ListCallsRequest());
    diagnosis.Add("events", EventsOf(*master));
  }
  diagnosis.Add("limits", ProcessFile(*master, "limits"));
  // Whether it is stopped, its threads and its memory.
  diagnosis.Add("process", ProcessFile(*master, "status"));
  return is_silent ? status : absl::OkStatus();
}

absl::Status Run(const Session& session) {
  absl::StatusOr<MasterConnection> master = session.connect();
  if (ExitCodeOf(master.status()) == ExitCode::kUsage) return master.status();
  const absl::Time now = absl::Now();
  Diagnosis diagnosis;
  diagnosis.Add("time", JsonString(absl::FormatTime(now)));
  diagnosis.Add("ctl", absl::StrCat("{\"version\": ", JsonString(cli::kVersion), "}"));
  diagnosis.Add("machine", Machine());
  const absl::Status told = AddMaster(master, diagnosis);
  const std::string text = diagnosis.ToJson();

  const std::string usual = absl::StrCat(
      "diagnosis-", absl::FormatTime("%Y%m%d-%H%M%S", now, absl::UTCTimeZone()), ".json");
  const std::string path = session.arguments.text("FILE").value_or(usual);
  if (path == kStdout) {
    MUSTER_RETURN_IF_ERROR(Write(text));
    return told;
  }
  MUSTER_RETURN_IF_ERROR(
      WriteFile((std::filesystem::path(session.directory) / path).string(), text));
  MUSTER_RETURN_IF_ERROR(
      Write(absl::StrCat("wrote ", path, told.ok() ? "" : ", without the master", "\n")));
  return told;
}

}  // namespace

const Command kDiagnoseCommand = {
    .name = "diagnose",
    .summary = "Write a file for a bug report: status, configuration, events, limits",
    .details =
        "The file is one JSON object. It has no secrets, but names addresses, users and\n"
        "paths: read it before you send it. A part that the master does not tell has the\n"
        "reason instead. If no master is there, or if it does not answer, the file has what\n"
        "this machine tells, and the exit code is 3 or 4 though it was written.\n"
        "\n"
        "Examples:\n"
        "  ctl diagnose\n"
        "  ctl diagnose - | jq .status.master.version",
    .parameters = kParameters,
    .run = Run,
};

}  // namespace muster::ctl
