// Shows a zone, and buries its dead.

#include <fcntl.h>

#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/zone/inspect/zone_report.h"
#include "muster/ipc/zone/zone.h"

namespace muster::ipc {
namespace {

constexpr char kHelp[] =
    R"(usage: zone show [-o table|json] PLACE
       zone repair PLACE

Shows the participants and the objects of a zone of muster's ipc library. "show" changes nothing.
"repair" releases what the dead held, and frees their slots, as any participant would at its next
need; it prints whom it buried.

PLACE is
  /NAME              POSIX shared memory
  file:PATH          a file
  fd:/proc/PID/fd/N  a memfd of a process

Exit codes: 0 done; 1 the zone cannot be opened, or not all of its dead can be buried; 2 usage.

Example: zone show /orders
)";

int Fail(int code, const std::string& reason) {
  std::fprintf(stderr, "zone: %s\n", reason.c_str());
  return code;
}

absl::StatusOr<Zone> Open(const std::string& place, bool read_only) {
  absl::string_view path = place;
  if (absl::ConsumePrefix(&path, "fd:")) {
    // Not blocking, whatever it is.
    UniqueFd fd(::open(std::string(path).c_str(),
                       (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid()) return ErrnoStatus(absl::StrCat("open ", path));
    return read_only ? Zone::OpenReadOnly(std::move(fd)) : Zone::Open(std::move(fd));
  }
  const ZonePlace named = absl::ConsumePrefix(&path, "file:") ? ZonePlace::File(std::string(path))
                                                              : ZonePlace::Posix(place);
  // Whoever calls this has chosen the zone.
  const ZonePlace trusting = named.Trusting({.others_may_write = true});
  return read_only ? Zone::OpenReadOnly(trusting) : Zone::Open(trusting);
}

int Show(const std::string& place, bool as_json) {
  const absl::StatusOr<Zone> zone = Open(place, true);
  if (!zone.ok()) return Fail(1, std::string(zone.status().message()));
  const ZoneReport report = ReportOf(*zone);
  std::fputs((as_json ? ToJson(report) : ToText(report)).c_str(), stdout);
  return 0;
}

int Repair(const std::string& place) {
  const absl::StatusOr<Zone> zone = Open(place, false);
  if (!zone.ok()) return Fail(1, std::string(zone.status().message()));
  int result = 0;
  int buried = 0;
  const ZoneReport report = ReportOf(*zone);
  for (const ZoneReport::Line& line : report.participants) {
    if (line.is_alive) continue;
    const absl::Status status = zone->Bury(line.record.tag);
    if (!status.ok()) {
      result = Fail(1, std::string(status.message()));
      continue;
    }
    ++buried;
    std::printf("buried slot %u, process %d\n", line.record.tag.slot(), line.record.pid);
  }
  if (buried == 0 && result == 0) std::puts("nobody is to be buried");
  return result;
}

int Main(const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  bool as_json = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--help" || argument == "-h") return std::fputs(kHelp, stdout) < 0;
    if (argument == "-o") {
      const std::string format = i + 1 < arguments.size() ? arguments[++i] : "";
      if (format != "table" && format != "json") {
        return Fail(2, absl::StrCat("-o ", format, ": expected table or json; see zone --help"));
      }
      as_json = format == "json";
    } else if (absl::StartsWith(argument, "-")) {
      return Fail(2, absl::StrCat("unknown option ", argument, "; see zone --help"));
    } else {
      words.push_back(argument);
    }
  }
  if (words.size() == 2 && words[0] == "show") return Show(words[1], as_json);
  if (words.size() == 2 && words[0] == "repair" && !as_json) return Repair(words[1]);
  return Fail(2, "expected show PLACE or repair PLACE; see zone --help");
}

}  // namespace
}  // namespace muster::ipc

int main(int argc, char** argv) {
  return muster::ipc::Main(std::vector<std::string>(argv + 1, argv + argc));
}
