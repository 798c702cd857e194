#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/text/output.h"
#include "muster/ctl/top/top_feed.h"
#include "muster/ctl/top/top_screen.h"
#include "muster/ctl/top/top_sender.h"
#include "muster/ctl/top/top_view.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "--interval",
     .kind = Parameter::Kind::kDuration,
     .value = "DURATION",
     .summary = "How often the master is asked (default: 1s; at least 100ms)",
     .shortest = absl::Milliseconds(100)},
    {.name = "-n,--count",
     .kind = Parameter::Kind::kPositive,
     .value = "COUNT",
     .summary = "Print this many times, as lines, and end"},
};

// `count`: 0 for ever.
absl::Status PrintTop(TopFeed& feed, TopView& view, Output output, std::uint64_t count) {
  for (std::uint64_t printed = 0; count == 0 || printed < count;) {
    pollfd readable = {.fd = feed.fd(), .events = POLLIN, .revents = 0};
    ipc::RetryOnEintr([&] { return ::poll(&readable, 1, -1); });
    const TopNews news = feed.Take();
    MUSTER_RETURN_IF_ERROR(news.trouble);
    if (news.locks.has_value()) view.TakeLocks(*news.locks, news.locks_taken);
    if (!news.status.has_value()) continue;
    ++printed;
    if (output == Output::kJson) {
      MUSTER_ASSIGN_OR_RETURN(const std::string line, JsonLine(*news.status));
      MUSTER_RETURN_IF_ERROR(Write(line));
      continue;
    }
    view.TakeStatus(*news.status, news.taken);
    MUSTER_RETURN_IF_ERROR(Write((printed > 1 ? "\n" : "") + view.Text()));
  }
  return absl::OkStatus();
}

absl::Status Run(const Session& session) {
  const absl::Duration interval = session.arguments.duration("interval").value_or(absl::Seconds(1));
  MUSTER_ASSIGN_OR_RETURN(MasterConnection master, session.connect());
  TopView view(master.label());
  TopFeed feed(std::move(master), session.connect, interval);
  const std::uint64_t count = session.arguments.number("count").value_or(0);
  if (count == 0 && session.output == Output::kTable && IsScreenThere()) {
    TopSender sender(session.connect);
    const absl::Status shown = ShowTop(feed, sender, view);
    if (!absl::IsNotFound(shown)) return shown;
  }
  return PrintTop(feed, view, session.output, count);
}

}  // namespace

const Command kTopCommand = {
    .name = "top",
    .summary = "Watch the workers on a live screen",
    .details =
        "Shows the workers with their state, CPU time, memory, and requests and connections\n"
        "in a second, the locks that were waited for or whose owners died, and the\n"
        "last events. Keys: q or Ctrl-C quit, < > sort by another column, r the other way\n"
        "round, / filter, space freeze, h help. R restarts the selected worker as ctl worker\n"
        "restart does, D drains it; both ask first, and any key but y is no. After a lost\n"
        "connection ctl connects again. Without a terminal, with --count and with -o json it\n"
        "prints lines.\n"
        "\n"
        "Examples:\n"
        "  ctl top\n"
        "  ctl top --interval 5s\n"
        "  ctl top --count 2 | tail -n +8",
    .parameters = kParameters,
    .run = Run,
};

}  // namespace muster::ctl
