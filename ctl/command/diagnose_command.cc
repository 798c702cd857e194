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
#include "muster/cli/version.h"
#include "muster/ctl/command/command.h"
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
  void Ask(MasterConnection& master, const std::string& name,
           const google::protobuf::Message& request) {
    const absl::StatusOr<Response> answer = master.Ask<Response>(request);
    Add(name, answer.ok() ? Json(*answer) : answer.status());
  }

  std::string ToJson() const { return absl::StrCat("{\n", absl::StrJoin(parts_, ",\n"), "\n}\n"); }

 private:
  std::vector<std::string> parts_;
};

// All events that the master keeps.
absl::StatusOr<std::string> EventsOf(MasterConnection& master) {
  std::vector<std::string> lines;
  std::uint64_t end = 0;
  {
    MUSTER_ASSIGN_OR_RETURN(auto stream,
                            master.Watch<v1::WatchEventsResponse>(v1::WatchEventsRequest()));
    MUSTER_ASSIGN_OR_RETURN(const auto* first, stream.Next());
    end = first->next();
  }
  v1::WatchEventsRequest request;
  request.set_from(1);
  MUSTER_ASSIGN_OR_RETURN(auto stream, master.Watch<v1::WatchEventsResponse>(request));
  for (std::uint64_t next = 1; next < end;) {
    MUSTER_ASSIGN_OR_RETURN(const auto* batch, stream.Next());
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

// The lines of /proc/PID/limits: of the master, which is on this machine if it is asked over a Unix
// socket.
absl::StatusOr<std::string> LimitsOf(const MasterConnection& master) {
  if (!master.pid().has_value()) {
    return absl::NotFoundError("the master is on another machine, or in another pid namespace");
  }
  const std::string path = absl::StrCat("/proc/", *master.pid(), "/limits");
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

absl::Status Run(const Session& session) {
  MUSTER_ASSIGN_OR_RETURN(MasterConnection master, session.connect());
  const absl::Time now = absl::Now();
  Diagnosis diagnosis;
  diagnosis.Add("time", JsonString(absl::FormatTime(now)));
  diagnosis.Add("ctl", absl::StrCat("{\"version\": ", JsonString(cli::kVersion), "}"));
  diagnosis.Add("machine", Machine());
  diagnosis.Ask<v1::Status>(master, "status", v1::GetStatusRequest());
  diagnosis.Ask<v1::ActiveConfig>(master, "config", v1::GetConfigRequest());
  diagnosis.Ask<v1::ListZonesResponse>(master, "zones", v1::ListZonesRequest());
  diagnosis.Ask<v1::ListLocksResponse>(master, "locks", v1::ListLocksRequest());
  diagnosis.Ask<v1::ListCallsResponse>(master, "calls", v1::ListCallsRequest());
  diagnosis.Add("events", EventsOf(master));
  diagnosis.Add("limits", LimitsOf(master));
  const std::string text = diagnosis.ToJson();

  const std::string usual = absl::StrCat(
      "diagnosis-", absl::FormatTime("%Y%m%d-%H%M%S", now, absl::UTCTimeZone()), ".json");
  const std::string path = session.arguments.text("FILE").value_or(usual);
  if (path == kStdout) return Write(text);
  MUSTER_RETURN_IF_ERROR(
      WriteFile((std::filesystem::path(session.directory) / path).string(), text));
  return Write(absl::StrCat("wrote ", path, "\n"));
}

}  // namespace

const Command kDiagnoseCommand = {
    .name = "diagnose",
    .summary = "Write a file for a bug report: status, configuration, events, limits",
    .details =
        "The file is one JSON object. It has no secrets, but names addresses, users and\n"
        "paths: read it before you send it. A part that the master does not tell has the\n"
        "reason instead.\n"
        "\n"
        "Examples:\n"
        "  ctl diagnose\n"
        "  ctl diagnose - | jq .status.master.version",
    .parameters = kParameters,
    .run = Run,
};

}  // namespace muster::ctl
