#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/exit_code.h"
#include "muster/ctl/text/colour.h"
#include "muster/ctl/text/event_text.h"
#include "muster/ctl/text/output.h"
#include "muster/ctl/text/printable.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr std::uint64_t kShownBefore = 10;  // before what follows, as tail(1) does
constexpr absl::Duration kFirstPause = absl::Milliseconds(200);
constexpr absl::Duration kLongestPause = absl::Seconds(5);

constexpr Parameter kParameters[] = {
    {.name = "-f,--follow", .summary = "Go on with what happens, also after a lost connection"},
    {.name = "--from",
     .kind = Parameter::Kind::kPositive,
     .value = "NUMBER",
     .summary = "The first event (default: the oldest that the master keeps; with --follow, the "
                "last 10)"},
    {.name = "--kind",
     .kind = Parameter::Kind::kText,
     .value = "KIND",
     .summary = "Only events of this kind; several with commas, or given more than once",
     .choices = "worker-started|worker-ready|worker-exited|worker-crashed|worker-gave-up|"
                "worker-killed|worker-hung|worker-woke|workers-scaled|reload-begun|"
                "generation-serves|reload-refused|state-changed|listening|not-listening|reopened|"
                "call|call-refused|log|handshake-refused",
     .is_repeated = true},
};

// Prints what a stream of events brings, and knows where it is in it.
class EventPrinter {
 public:
  // `kinds`: those that are printed. Empty: all.
  EventPrinter(const Session& session, std::vector<int> kinds, v1::WatchEventsRequest request)
      : session_(session),
        has_colours_(ShowsColours(STDOUT_FILENO)),
        kinds_(std::move(kinds)),
        request_(std::move(request)) {}

  // Where to go on.
  const v1::WatchEventsRequest& request() const { return request_; }

  absl::Status Take(const v1::WatchEventsResponse& batch) {
    const bool is_another = !request_.instance().empty() && request_.instance() != batch.instance();
    if (is_another) {
      MUSTER_RETURN_IF_ERROR(Tell("the master was started again", "instance", batch.instance()));
    }
    if (batch.missed() > 0) {
      MUSTER_RETURN_IF_ERROR(Tell(absl::StrCat(config::Counted(batch.missed(), "event"), " missed"),
                                  "missed", absl::StrCat(batch.missed())));
    }
    for (const v1::Event& event : batch.events()) {
      const bool is_wanted =
          kinds_.empty() || std::find(kinds_.begin(), kinds_.end(), event.kind()) != kinds_.end();
      if (is_wanted) MUSTER_RETURN_IF_ERROR(PrintOne(event));
    }
    request_.set_instance(batch.instance());
    request_.set_from(batch.next());
    return absl::OkStatus();
  }

 private:
  absl::Status PrintOne(const v1::Event& event) {
    if (session_.output == Output::kTable) {
      return Write(Painted(ColourOf(event), EventLine(event, absl::LocalTimeZone())));
    }
    MUSTER_ASSIGN_OR_RETURN(const std::string line, JsonLine(event));
    return Write(line);
  }

  // About the stream rather than of the master.
  absl::Status Tell(const std::string& text, const std::string& key, const std::string& value) {
    if (session_.output == Output::kJson) {
      return Write(absl::StrCat("{\"", key, "\":", JsonString(value), "}\n"));
    }
    return Write(Painted(Colour::kDim, absl::StrCat("-- ", text, " --\n")));
  }

  std::string Painted(Colour colour, const std::string& line) const {
    return has_colours_ ? Paint(colour, line) : line;
  }

  const Session& session_;
  const bool has_colours_;
  const std::vector<int> kinds_;
  v1::WatchEventsRequest request_;
};

// What has happened when the master answers.
absl::Status PrintUntilNow(MasterConnection& master, EventPrinter& printer) {
  MUSTER_ASSIGN_OR_RETURN(auto stream, master.Watch<v1::WatchEventsResponse>(printer.request()));
  std::uint64_t end = 0;
  do {
    MUSTER_ASSIGN_OR_RETURN(const auto* batch, stream.Next());
    // More may happen meanwhile, without an end.
    if (end == 0) end = batch->end();
    MUSTER_RETURN_IF_ERROR(printer.Take(*batch));
  } while (printer.request().from() < end);
  return absl::OkStatus();
}

// Until the stream ends. Calls `begun` once the master has answered.
absl::Status Follow(MasterConnection& master, EventPrinter& printer,
                    const std::function<void()>& begun) {
  MUSTER_ASSIGN_OR_RETURN(auto stream, master.Watch<v1::WatchEventsResponse>(printer.request()));
  for (bool is_first = true;; is_first = false) {
    MUSTER_ASSIGN_OR_RETURN(const auto* batch, stream.Follow());
    if (is_first) begun();
    MUSTER_RETURN_IF_ERROR(printer.Take(*batch));
  }
}

absl::Status Run(const Session& session) {
  const bool follows = session.arguments.has("follow");
  v1::WatchEventsRequest request;
  std::vector<int> kinds;
  for (const std::string& kind : session.arguments.texts("kind")) {
    kinds.push_back(KindOf(kind).value());
    // Else the end is waited for, and the master sends nothing where it has no event of the kinds.
    if (follows) request.add_kind(KindOf(kind).value());
  }
  MUSTER_ASSIGN_OR_RETURN(MasterConnection first, session.connect());
  request.set_from(session.arguments.number("from").value_or(follows ? 0 : 1));
  request.set_last(kShownBefore);

  EventPrinter printer(session, std::move(kinds), std::move(request));
  if (!follows) return PrintUntilNow(first, printer);
  bool has_begun = false;
  absl::Status status = Follow(first, printer, [&has_begun] { has_begun = true; });
  absl::Duration pause = kFirstPause;
  // A master that has not seen yet that the connection was lost may take the new stream for one too
  // many.
  const auto is_lost = [](const absl::Status& why) {
    return ExitCodeOf(why) == ExitCode::kUnknown || ExitCodeOf(why) == ExitCode::kNoMaster ||
           absl::IsResourceExhausted(why);
  };
  while (has_begun && is_lost(status)) {
    if (pause == kFirstPause) {
      std::fprintf(stderr, "ctl: %s; trying again\n", Printable(status.message()).c_str());
    }
    absl::SleepFor(pause);
    pause = std::min(2 * pause, kLongestPause);
    absl::StatusOr<MasterConnection> again = session.connect();
    status = again.status();
    if (!again.ok()) continue;
    status = Follow(*again, printer, [&pause] {
      std::fprintf(stderr, "ctl: connected again\n");
      pause = kFirstPause;
    });
  }
  return status;
}

}  // namespace

const Command kEventsCommand = {
    .name = "events",
    .summary = "Show what happened, and what happens",
    .details =
        "The master keeps its last 4096 events. With --follow ctl goes on until it is\n"
        "interrupted (Ctrl-C). If the connection is lost it connects again and goes on from\n"
        "the next event; it says how many the master does not keep any more. With -o json\n"
        "each line is one JSON object.\n"
        "\n"
        "Examples:\n"
        "  ctl events\n"
        "  ctl events --follow\n"
        "  ctl events --kind worker-crashed,worker-gave-up\n"
        "  ctl -o json events --from 100 | jq -r .text",
    .parameters = kParameters,
    .run = Run,
};

}  // namespace muster::ctl
